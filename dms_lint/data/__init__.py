"""Reading files: YAML with line numbers, the tables of the bundled pack, input errors.  Knows no AWS."""
