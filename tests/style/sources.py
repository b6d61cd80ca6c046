"""The files of this checkout, as the style tests read them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "crossmargin"

_LEFT_BY_TOOLS = {"__pycache__", "node_modules", "build", "dist"}


def python_files(*folders: str) -> list[Path]:
    """Every Python file under the named folders of the checkout, sorted."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if not _LEFT_BY_TOOLS & set(path.parts)
    )


def text_files() -> list[Path]:
    """Every file a person wrote: source, tests, documents and scripts."""
    folders = ["src", "tests", "benchmarks", "docs", "scripts", ".ci", ".github", "web"]
    suffixes = {".py", ".md", ".toml", ".sh", ".cpp", ".hpp", ".ts", ".tsx", ".css", ".html", ""}
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return sorted(
        path
        for path in [*inside, *ROOT.glob("*.md"), ROOT / "pyproject.toml"]
        if path.is_file() and path.suffix in suffixes and not _LEFT_BY_TOOLS & set(path.parts)
    )


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of one Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """The dotted name under which a file of the package is imported."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def shown(path: Path) -> str:
    """A path as a failure message shows it."""
    return path.relative_to(ROOT).as_posix()
