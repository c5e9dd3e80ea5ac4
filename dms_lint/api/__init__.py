"""The scan as one call, for the command line and for programs."""
