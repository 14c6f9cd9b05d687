"""Moved to mlopsc.targets."""

from mlopsc.targets import Backend, Fault, GeneratedFile, RunRequest, backend_names, find_backend

__all__ = ["Backend", "Fault", "GeneratedFile", "RunRequest", "backend_names", "find_backend"]
