"""Tracking: what a training came to, as an event that waits in the store until MLflow has it.

The event says everything and names its files by digest, so that it can be told by any machine that reaches store and
server, now or later, and telling it twice is telling it once.
"""
