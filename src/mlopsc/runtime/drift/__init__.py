"""Drift: profiles of reference tables, statistics that compare tables with them, and reports that judge."""
