"""What stands between findings and an exit code: selection, configuration, waivers, baseline."""
