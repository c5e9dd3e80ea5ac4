"""A pure policy engine: IAM documents to what they allow, in three values."""
