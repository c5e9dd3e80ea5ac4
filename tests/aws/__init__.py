"""A stand-in for AWS: moto, made to answer as AWS does, and accounts in it."""
