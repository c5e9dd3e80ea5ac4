"""Documents to resources: what was read, of which account and Region, and which listings are complete."""
