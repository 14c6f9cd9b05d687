"""The workbench of operations, for gates."""

from tests.runtime.operations.conftest import workbench

__all__ = ["workbench"]
