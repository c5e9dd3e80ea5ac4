"""How endpoints authenticate, and the secrets that hold their credentials."""
