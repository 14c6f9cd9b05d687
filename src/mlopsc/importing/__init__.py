"""Importing: what other tools declare, as a spec says it. Import from the modules."""
