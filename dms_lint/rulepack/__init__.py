"""Reading rule packs: rules, their conditions and placeholders, frameworks, the guide's statements."""
