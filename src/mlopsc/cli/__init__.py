"""The command line of mlopsc: what a user types, sees, and gets as an exit status."""

from mlopsc.cli.app import main

__all__ = ["main"]
