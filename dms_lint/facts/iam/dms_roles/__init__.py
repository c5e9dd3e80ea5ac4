"""The roles that DMS assumes: those it looks for by name, and those that endpoints name."""
