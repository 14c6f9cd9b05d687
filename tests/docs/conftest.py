"""Gives the tests of this folder their pages."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, all_pages


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes `page` every page, one that takes `engine_page` those with blocks that need engines."""
    if "page" in metafunc.fixturenames:
        pages = all_pages()
        metafunc.parametrize("page", pages, ids=[page.name for page in pages])
    if "engine_page" in metafunc.fixturenames:
        marked = [
            pytest.param(page, id=page.name, marks=[getattr(pytest.mark, name) for name in page.engines])
            for page in all_pages()
            if page.engines
        ]
        metafunc.parametrize("engine_page", marked)


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT
