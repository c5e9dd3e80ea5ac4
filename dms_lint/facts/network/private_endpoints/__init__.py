"""VPC endpoints, and whether AWS services are reached through them."""
