"""Threads of numerical code: linear algebra runs on one, since its sums depend on how many share them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


@contextmanager
def steady_sums(threads: int | None = None) -> Iterator[None]:
    """Within it BLAS has one thread, and OpenMP at most `threads` (None: as many as it has)."""
    limits = {"blas": 1} if threads is None else {"blas": 1, "openmp": threads}
    with _controller(len(sys.modules)).limit(limits=limits):
        yield


@lru_cache(1)
def _controller(modules: int) -> ThreadpoolController:  # noqa: ARG001 - what is imported next may load a library
    """Return what has found the numerical libraries of this process: to look for them takes milliseconds."""
    return ThreadpoolController()
