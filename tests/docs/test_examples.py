import importlib
from pathlib import Path

import pytest

from tests.docs.page import LINK, blocks_of, run_block

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def run_crossmargin() -> object:
    """The console script, imported only by pages that use it."""
    return importlib.import_module("crossmargin.cli.main").main()


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_every_example_of_the_page_does_what_it_shows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Examples name files as a reader in the checkout would; what they write goes elsewhere.
    monkeypatch.chdir(tmp_path)
    for folder in ("examples", "docs"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    namespace: dict[str, object] = {"__name__": shown(path)}
    for block in blocks_of(path.read_text(encoding="utf-8")):
        run_block(block, namespace, run_crossmargin, shown(path))


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_every_link_of_the_page_leads_to_a_file(path: Path) -> None:
    targets = [
        found["target"] or found["image"]
        for found in LINK.finditer(path.read_text(encoding="utf-8"))
    ]
    inside = [target.partition("#")[0] for target in targets if "://" not in target]
    missing = [target for target in inside if target and not (path.parent / target).exists()]
    assert missing == []


def test_every_page_is_reached_from_the_index_of_the_docs() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {
        (index.parent / found["target"].partition("#")[0]).resolve()
        for found in LINK.finditer(index.read_text(encoding="utf-8"))
        if found["target"] and "://" not in found["target"]
    }
    unreached = [
        shown(page) for page in PAGES if page.is_relative_to(index.parent) and page not in linked
    ]
    assert unreached == ["docs/README.md"]
