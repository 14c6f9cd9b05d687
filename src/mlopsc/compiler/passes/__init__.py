"""Checks of meaning, one module a concern; `mlopsc.compiler.compile` runs them in order."""
