"""Reproducing: a registered version made again from what was kept with it, and compared digest by digest."""
