"""The page in a real browser. Chromium is no Python package: without it this file is skipped."""

import shutil
import subprocess
from pathlib import Path

import pytest

from crossmargin.report.page import page_html
from tests.report.statements import sample_exhibit

BROWSER = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on PATH")

PROBE = """
addEventListener("error", (event) =>
  document.documentElement.setAttribute("data-error", event.message));
addEventListener("securitypolicyviolation", (event) =>
  document.documentElement.setAttribute("data-refused", event.violatedDirective));
"""


def rendered(page: str, folder: Path, width: int) -> str:
    """The page's elements after its scripts ran, as the browser writes them."""
    file = folder / "page.html"
    # The probe goes before the page's policy, which would refuse it.
    file.write_text(page.replace("<head>", f"<head><script>{PROBE}</script>", 1), encoding="utf-8")
    command = [
        *(str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
        *(f"--user-data-dir={folder / 'profile'}", f"--window-size={width},9000"),
        *("--force-prefers-reduced-motion", "--virtual-time-budget=5000", file.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize("width", [1280, 390])
def test_every_picture_is_drawn_without_an_error_and_inside_its_policy(
    tmp_path: Path, width: int
) -> None:
    shown = rendered(page_html(sample_exhibit()), tmp_path, width)
    assert "data-error" not in shown.split(">", 2)[1]
    assert "data-refused" not in shown.split(">", 2)[1]
    assert shown.count("<svg") == 9
    for word in (
        "option_minimum",
        "all by beta",
        "at expiry",
        "USDC at deribit",
        "(iii) enforceable",
    ):
        assert word in shown, word
    assert "Worst, outlined: price -16%, vol +50%: -90,840" in shown
    assert "liquidated below 41,230.5" in shown
