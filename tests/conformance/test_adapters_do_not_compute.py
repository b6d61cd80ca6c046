"""An adapter says which number is which; what it computed would be a rule beside the engine."""

import ast
from pathlib import Path

import pytest

import crossmargin.conformance.adapters as adapters

FILES = sorted(Path(adapters.__file__).parent.glob("*.py"))
FORBIDDEN_CALLS = {"abs", "max", "min", "sum", "round", "pow", "divmod", "eval", "exec"}
FORBIDDEN_MODULES = {"math", "cmath", "numpy", "operator", "fractions", "statistics", "functools"}


def computations(source: str) -> list[str]:
    """Every place at which a source text computes with numbers."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.BinOp(op=ast.BitOr() | ast.BitAnd()):
                continue
            case ast.BinOp(left=ast.Constant(value=str())):
                continue
            case ast.BinOp() | ast.AugAssign():
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                if not isinstance(operand, ast.Constant):
                    found.append(f"line {node.lineno}: {ast.unparse(node)}")
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
            case ast.Attribute(attr=name) if name.startswith("__") and name.endswith("__"):
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
            case ast.Import(names=names):
                found += [x.name for x in names if x.name.split(".")[0] in FORBIDDEN_MODULES]
            case ast.ImportFrom(module=str(name)) if name.split(".")[0] in FORBIDDEN_MODULES:
                found.append(name)
            case _:
                continue
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_adapter_does_not_compute(path: Path) -> None:
    assert computations(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = a * b",
        "x = -a",
        "x += 1",
        "x = max(a, b)",
        "import numpy as np",
        "from math import ceil",
        "x = a.__mul__(b)",
        "x = a - 1.0",
    ],
)
def test_arithmetic_is_seen(source: str) -> None:
    assert len(computations(source)) == 1


@pytest.mark.parametrize(
    "source",
    ["x: int | None = None", "x = -1", "y = 'a' + b", "z = a < 3", "s = a & b"],
)
def test_names_signs_and_choices_are_no_arithmetic(source: str) -> None:
    assert computations(source) == []


def test_there_is_an_adapter_to_look_at() -> None:
    assert len(FILES) > 5
