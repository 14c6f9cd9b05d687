"""Relational work: DuckDB, embedded, told what to do by statements that sqlglot builds.

Names become identifiers and values become literals of the syntax tree; no text is ever pasted into SQL. Import from
the modules: `connection` does without sqlglot.
"""
