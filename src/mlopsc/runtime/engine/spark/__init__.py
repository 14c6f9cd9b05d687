"""Spark, for tables that one machine does not hold, with DuckDB's meaning.

Statements come in DuckDB's dialect. DuckDB, without the data, binds them and says which type everything has. What Spark
means in the same way is written in Spark's words; any other expression over one row is computed by DuckDB itself, batch
by batch in Spark's Python workers. Results come back through Parquet and have DuckDB's types again.
"""
