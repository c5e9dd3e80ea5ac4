"""Three-valued logic: true, false, and what is missing to tell."""
