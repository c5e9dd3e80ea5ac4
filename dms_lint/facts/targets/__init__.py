"""Where targets store data: buckets, and how written data is encrypted."""
