"""Draws the pictures of the documents again from the bundled fund. Needs Chromium on PATH.

Run: python docs/pictures/draw.py
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURES = {
    "page-light.png": (1180, 1180, "light"),
    "page-account.png": (1180, 1290, "light"),
    "page-dark.png": (1180, 1290, "dark"),
    "page-phone.png": (390, 1180, "light"),
}
ACCOUNT = {"page-account.png", "page-dark.png"}


def main() -> None:
    """Write every picture beside this script."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium is needed to draw")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        fund = [ROOT / "examples" / name for name in ("fund.json", "market.json")]
        words = [
            "crossmargin",
            "margin",
            str(fund[0]),
            "--market",
            str(fund[1]),
            "--html",
            str(page),
        ]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        text = page.read_text(encoding="utf-8")
        for name, (width, height, theme) in PICTURES.items():
            # The picture begins at the account: what stands above it is left out.
            hidden = "main > :not(#account-0) { display: none }" if name in ACCOUNT else ""
            themed = text.replace('<html lang="en">', f'<html lang="en" data-theme="{theme}">', 1)
            page.write_text(themed.replace("</style>", hidden + "</style>", 1), encoding="utf-8")
            subprocess.run(
                [
                    *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                    *(f"--user-data-dir={folder}/profile", f"--window-size={width},{height}"),
                    *("--force-prefers-reduced-motion", "--virtual-time-budget=5000"),
                    *(f"--screenshot={Path(__file__).with_name(name)}", page.as_uri()),
                ],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )


if __name__ == "__main__":
    main()
