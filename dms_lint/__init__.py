"""dms-lint: a security posture linter for AWS Database Migration Service."""

__version__ = "0.1.0"
