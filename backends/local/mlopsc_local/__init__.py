"""The local target: runs a pipeline on this machine, without any orchestrator."""

from mlopsc_local.backend import LocalBackend

backend = LocalBackend()

__all__ = ["LocalBackend", "backend"]
