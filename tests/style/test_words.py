import ast
import re
from pathlib import Path

import pytest

from tests.style.sources import python_files, shown, text_files, tree_of

# The part of a public name that is refused, and the word of the glossary that takes its place.
WORDS_OF_NAMES = {
    "abs_pnl": "absolute_change",
    "acct": "account",
    "amt": "amount",
    "calc": "a verb that says what is computed",
    "coll": "collateral",
    "imr": "requirement_initial",
    "im": "initial",
    "info": "the noun it informs about",
    "liq": "liquidation, or liquidity",
    "mgr": "the noun it manages",
    "mm": "maintenance",
    "mmr": "requirement_maintenance",
    "notl": "notional",
    "pct": "frac",
    "percent": "frac",
    "ptf": "account, or book",
    "px": "price",
    "qty": "contracts, or amount",
    "req": "requirement",
    "scen": "scenario",
    "sz": "contracts",
    "tmp": "the noun it holds",
    "ts": "as_of_ns, or another field with its unit",
    "ul": "underlying",
    "vola": "vol",
}

# Words of prose and what to write instead; in pieces, so that this file keeps its own rule.
WORDS_OF_PROSE = {
    "TO" + "DO": "an entry in the tracker, or the work itself",
    "FIX" + "ME": "the repair",
    "X" + "XX": "a sentence that says what is wrong",
    "HA" + "CK": "a sentence that says why it must be so",
    "black" + "list": "denied",
    "white" + "list": "allowed",
    "simp" + "ly": "nothing: leave it out",
    "obvious" + "ly": "the reason",
}


def _public_names(path: Path) -> list[tuple[int, str]]:
    """Functions, classes, fields and parameters that a caller can see, with their lines."""
    names: list[tuple[int, str]] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            names.append((node.lineno, node.name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            names += [(argument.lineno, argument.arg) for argument in arguments]
        if isinstance(node, ast.ClassDef):
            names += [
                (field.lineno, field.target.id)
                for field in node.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            ]
    return [(line, name) for line, name in names if not name.startswith("_")]


def _words(name: str) -> set[str]:
    """A name cut at underscores and capitals: `LiqPx` and `liq_px` give liq and px."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("folder", ["src", "benchmarks"])
def test_public_names_use_the_words_of_the_glossary(folder: str) -> None:
    # A venue's own field names are the venue's affair, where its messages are read.
    found = [
        f"{shown(path)}:{line} {name}: write {WORDS_OF_NAMES[word]}"
        for path in python_files(folder)
        if not {"wire", "venue"} & set(path.parts)
        for line, name in _public_names(path)
        for word in sorted(_words(name) & WORDS_OF_NAMES.keys())
    ]
    assert found == []


def test_prose_uses_no_word_that_has_a_better_one() -> None:
    found = [
        f"{shown(path)}:{number}: {word}: write {instead}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for word, instead in WORDS_OF_PROSE.items()
        if re.search(rf"\b{word}\b", line)
    ]
    assert found == []


def test_a_name_is_cut_into_its_words() -> None:
    assert _words("LiqPx") == {"liq", "px"}
    assert _words("position_qty") == {"position", "qty"}
    assert _words("IMRFrac") == {"imr", "frac"}
