"""Who can use what: effective permissions on buckets, keys and secrets, of DMS's roles and of its operators."""
