"""The live account: the only place that knows boto3.  It reads, and can do nothing else."""
