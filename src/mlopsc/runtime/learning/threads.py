"""Threads of numerical code: linear algebra runs on one, since its sums depend on how many share them."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


@contextmanager
def steady_sums(threads: int | None = None) -> Iterator[None]:
    """Within it BLAS has one thread, and OpenMP at most `threads` (None: as many as it has)."""
    limits = {"blas": 1} if threads is None else {"blas": 1, "openmp": threads}
    with threadpool_limits(limits=limits):
        yield
