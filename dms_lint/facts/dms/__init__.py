"""DMS's own resources: endpoints and their attributes, tasks' settings, keys, tags, and how they relate."""
