"""Sources: what a dataset's declaration names, read into one canonical Parquet file.

Import from the modules: finding, fingerprinting and peeking do without what loading needs.
"""
