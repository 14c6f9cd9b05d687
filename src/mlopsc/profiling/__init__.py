"""Profiling: what a file of data is, before anybody has declared anything of it.

DuckDB measures; nothing is loaded whole. Import from the modules.
"""
