"""Sources: what a dataset's declaration names, read into one canonical Parquet file."""

from mlopsc.runtime.sources.files import fingerprint_source
from mlopsc.runtime.sources.load import load_source, peek_schema

__all__ = ["fingerprint_source", "load_source", "peek_schema"]
