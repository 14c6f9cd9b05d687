"""The browser that the other tests rely on: it tells what a page does wrong."""

import pytest

from tests.browser.chromium import PROGRAM, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="needs Chromium: apt-get install chromium"),
]


def test_scripts_requests_and_overflow_are_noticed(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
        "<script>document.title = 'run'</script><p style='width:2000px'>wide</p><img src='other.png'>"
    )
    with chromium(tmp_path / "profile") as tab:
        tab.open(page, width=360)
        complaints = " ".join(tab.complaints())
        assert "Content Security Policy" in complaints
        assert "document.title" not in complaints
        assert tab.run("document.title") == ""
        page.write_text(
            "<!doctype html><img src='other.png'><p style='width:2000px'>wide</p><script>nowhere()</script>"
        )
        tab.open(page, width=360)
        assert tab.run("document.documentElement.scrollWidth") > 360
        assert any("nowhere is not defined" in one for one in tab.complaints())
        assert (tmp_path / "other.png").as_uri() in tab.requests()
