import ast
import re

import pytest

from tests.style.sources import PACKAGE, ROOT, python_files, shown, text_files, tree_of

LINES_MAX = 400
STATEMENT_LINES_MAX = 60
EMPTY_NAMES = {
    "base_utils",
    "common",
    "helper",
    "helpers",
    "misc",
    "shared",
    "stuff",
    "util",
    "utils",
}

# Built from pieces, so that this file does not break its own rule.
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:"
    + "|".join(["work", "root", "tmp", "home", "Users"])
    + r")/\w"
    + r"|\.\./sha"
    + "red"
)
REGISTRY_HOST = re.compile(
    "|".join(["py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(?:org|com)"])
)


def test_no_source_file_holds_two_ideas() -> None:
    long = {
        shown(path): count
        for path in python_files("src")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    }
    assert long == {}, f"split the file: more than {LINES_MAX} lines"


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{shown(path)}:{node.lineno} {node.name}": lines
        for path in python_files("src")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.body[0].lineno + 1)
        > STATEMENT_LINES_MAX
    }
    assert long == {}, f"split the function: a body of more than {STATEMENT_LINES_MAX} lines"


def test_every_file_is_named_after_what_it_holds() -> None:
    named = [
        shown(path)
        for path in python_files("src", "tests", "benchmarks")
        if EMPTY_NAMES & {*path.relative_to(ROOT).parts[:-1], path.stem}
    ]
    assert named == []


def test_no_file_names_a_path_of_a_machine() -> None:
    found = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert locks, "the locks are part of the checkout"
    found = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in [*text_files(), *locks]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if REGISTRY_HOST.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_distribution_of_a_lock_is_pinned_by_hash(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = [
        entry
        for entry in re.split(r"\n(?! )", text.replace("\\\n", " "))
        if entry and not entry.startswith("#")
    ]
    assert len(entries) > 10
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_dev_lock_holds_every_pin_of_the_runtime_lock() -> None:
    runtime, dev = (
        set(
            re.findall(
                r"^[\w.-]+==\S+", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE
            )
        )
        for name in ("runtime", "dev")
    )
    assert runtime <= dev


def test_every_folder_of_source_is_a_package() -> None:
    bare = [
        shown(folder)
        for folder in sorted({path.parent for path in python_files("src")})
        if folder != PACKAGE.parent and not (folder / "__init__.py").exists()
    ]
    assert bare == [], "add an __init__.py with one line that says what the room holds"


def test_every_source_file_begins_by_saying_what_it_holds() -> None:
    silent = [shown(path) for path in python_files("src") if not ast.get_docstring(tree_of(path))]
    assert silent == []
