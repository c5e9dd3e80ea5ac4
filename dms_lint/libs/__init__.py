"""Pure libraries that could be packages of their own: address ranges, X.509."""
