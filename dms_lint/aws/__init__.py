"""What AWS sends and how it is written: kinds of resources, responses, times, output shapes, secret values."""
