"""Running DMS: tasks and their logs, maintenance, availability, audit trails."""
