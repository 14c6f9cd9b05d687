"""mlopsc: a declarative compiler for machine-learning operations."""
