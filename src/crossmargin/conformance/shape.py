"""The shape of a vector: which keys it has, so that an unknown one is named and never ignored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

from crossmargin.conformance.case import Case
from crossmargin.conformance.verdict import Unsupported


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Paths that an adapter understands: `inputs.perp.position`, `inputs.options[].strike`.

    `*` stands for any one key (the name of an asset or a market). `needed` must be there, in every
    entry of a list; `optional` may; `inner` must where the table or the list that holds it is.
    """

    needed: frozenset[str]
    optional: frozenset[str] = field(default_factory=frozenset)
    inner: frozenset[str] = field(default_factory=frozenset)


def shape(needed: str, optional: str = "") -> Shape:
    """A shape from two texts of paths, divided by blanks. `!` behind an optional path: it must be
    there where what holds it is.
    """
    others = optional.split()
    return Shape(
        needed=frozenset(needed.split()),
        optional=frozenset(path for path in others if not path.endswith("!")),
        inner=frozenset(path[:-1] for path in others if path.endswith("!")),
    )


def misfit(case: Case, expected: Shape) -> Unsupported | None:
    """Why a vector does not have the shape, naming all unknown and all missing keys; None if it
    has.
    """
    tables = {"inputs": case.inputs, "params": case.params, "expected": case.expected}
    known = [path.split(".") for path in expected.needed | expected.optional | expected.inner]
    unknown = sorted({p for p in _paths(tables, "") if not _is_known(p.split("."), known)})
    found = {p for path in expected.needed for p in _missing(tables, path.split("."), "")}
    for path in expected.inner:
        found.update(_missing(tables, path.split("."), "", held=False))
    missing = sorted(found)
    reasons = []
    if unknown:
        reasons.append(f"unknown keys {', '.join(unknown)}")
    if missing:
        reasons.append(f"missing keys {', '.join(missing)}")
    return Unsupported(reason="; ".join(reasons)) if reasons else None


def _paths(value: Any, at: str) -> Iterator[str]:
    """Paths of all leaves; an empty table or list is a leaf."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _paths(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for each in value:
            yield from _paths(each, f"{at}[]")
    elif at not in ("inputs", "params", "expected"):
        yield at


def _is_known(path: list[str], known: list[list[str]]) -> bool:
    """A known path, or the beginning of one: an empty list, or null, where a table may stand."""
    return any(
        len(path) <= len(each)
        and all(
            _same(a, b, last=i == len(path) - 1)
            for i, (a, b) in enumerate(zip(path, each, strict=False))
        )
        for each in known
    )


def _same(found: str, known: str, *, last: bool) -> bool:
    return known in (found, "*") or (last and known == f"{found}[]")


def _missing(value: Any, path: list[str], at: str, *, held: bool = True) -> Iterator[str]:
    """Places where a needed path ends before its last key: no such key, or no table to hold it.

    Without `held` a holder on the way may be left out, or null.
    """
    if not path:
        return
    if not isinstance(value, Mapping):
        yield at
        return
    step, rest = path[0], path[1:]
    key = step.removesuffix("[]")
    here = f"{at}.{key}" if at else key
    if rest and not held and value.get(key) is None and key != "*":
        return
    if key == "*":
        for name, inner in value.items():
            yield from _missing(inner, rest, f"{at}.{name}", held=held)
    elif key not in value or (step.endswith("[]") and not isinstance(value[key], list)):
        yield here
    elif step.endswith("[]"):
        for i, each in enumerate(value[key]):
            yield from _missing(each, rest, f"{here}[{i}]", held=held)
    else:
        yield from _missing(value[key], rest, here, held=held)
