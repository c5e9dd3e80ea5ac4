"""Comparing two reports, and showing what changed."""
