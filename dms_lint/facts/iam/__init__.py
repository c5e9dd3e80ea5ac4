"""IAM policies that concern DMS."""
