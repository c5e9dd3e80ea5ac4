"""Users, roles and the root user: what is attached to them, and what they may do in DMS."""
