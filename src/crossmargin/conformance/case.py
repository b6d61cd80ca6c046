"""A published vector: inputs and parameters of one system, and the figures that it states."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, final

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any

Json: TypeAlias = Any
"""None, bool, int, float, str, list or dict: what a JSON file holds."""

NEEDED: Mapping[str, type] = {
    "system": str,
    "case": str,
    "inputs": dict,
    "params": dict,
    "expected": dict,
}
OTHERS = frozenset({"source", "tolerance", "note", "reproduced", "suspect"})

WHAT = "what"
"""A vector with this key is in the other published format: it is the name, and all figures stand in
`inputs`."""
NEEDED_WITH_WHAT: Mapping[str, type] = {
    "system": str,
    WHAT: str,
    "inputs": dict,
    "expected": dict,
}
OTHERS_WITH_WHAT = OTHERS | {"kind"}


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One vector as published. `tolerance` as written: a number, a table, or None for none.

    `suspect` marks a vector whose own source is in doubt: it is shown, and nothing is accepted by
    it. `unknown` are keys beside those of the format: such a vector is read and not run.
    """

    system: str
    name: str
    inputs: Mapping[str, Json]
    params: Mapping[str, Json]
    expected: Mapping[str, Json]
    tolerance: Json
    source: str
    note: str
    suspect: bool
    unknown: tuple[str, ...] = ()


def read_cases(data: bytes, where: str = "cases") -> tuple[Case, ...]:
    """A JSON list of vectors, in either format. `InputRefused` with all that is no vector, each
    with its path.
    """
    try:
        written = json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError) as error:
        raise InputRefused([Failure(Reason.WRONG_TYPE, where, f"is not JSON: {error}")]) from error
    if not isinstance(written, list):
        raise InputRefused([Failure(Reason.WRONG_TYPE, where, "is not a list of vectors")])
    failures = [
        failure for i, each in enumerate(written) for failure in _failures(each, f"{where}[{i}]")
    ]
    refuse_if_any(failures)
    return tuple(_case(each) for each in written)


def _failures(written: Json, where: str) -> list[Failure]:
    if not isinstance(written, dict):
        return [Failure(Reason.WRONG_TYPE, where, "is not a table")]
    found = []
    for key, kind in _format(written)[0].items():
        if key not in written:
            found.append(Failure(Reason.MISSING_FIELD, f"{where}.{key}", "is required"))
        elif not isinstance(written[key], kind):
            message = "is not a table" if kind is dict else "is not text"
            found.append(Failure(Reason.WRONG_TYPE, f"{where}.{key}", message))
    return found


def _format(written: Mapping[str, Json]) -> tuple[Mapping[str, type], frozenset[str]]:
    return (NEEDED_WITH_WHAT, OTHERS_WITH_WHAT) if WHAT in written else (NEEDED, OTHERS)


def _case(written: Mapping[str, Json]) -> Case:
    needed, others = _format(written)
    return Case(
        system=written["system"],
        name=written[WHAT] if WHAT in written else written["case"],
        inputs=written["inputs"],
        params=written.get("params", {}),
        expected=written["expected"],
        tolerance=written.get("tolerance"),
        source=str(written.get("source", "")),
        note=str(written.get("note", written.get("kind", ""))),
        suspect=bool(written.get("suspect", False)),
        unknown=tuple(sorted(written.keys() - needed.keys() - others)),
    )


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [key for key, _ in pairs]
        twice = sorted({key for key in names if names.count(key) > 1})
        raise ValueError(f"{', '.join(twice)} stands twice in one table")
    return made
