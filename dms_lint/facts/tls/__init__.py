"""Encryption in transit: SSL modes, certificates, authorities, protocol versions."""
