"""What a recipe says about itself and does not keep: unknown and unused names, groupings that do
not fit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from crossmargin.base.failure import Failure, Reason
from crossmargin.rulebook.charge.collateral_place import PLACES
from crossmargin.rulebook.charge.covariance import Covariance
from crossmargin.rulebook.charge.quote_hedge import QuoteHedge
from crossmargin.rulebook.context import ACCOUNT, FINER_THAN, GROUPINGS
from crossmargin.rulebook.fields import FIELDS
from crossmargin.rulebook.horizon import call_failures, wait_failures
from crossmargin.rulebook.node import Leaf, Node, Per, children
from crossmargin.rulebook.owner_size import OWNER_FIELDS
from crossmargin.rulebook.parameters import PAIR, PEG
from crossmargin.rulebook.rate import FromParameter, HeldMin, Lookup
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.terms import Parameter

ISSUER_FAMILY, WRAPPER = "issuer_family", "wrapper"
HEDGE_RATES = "rates of a hedge"
"""What a hedge between quote currencies pays, which may depend on the price of one in the other."""
COVARIANCES = "covariances"
ROW_FIELD = "field of an instrument"
"""A field that a rate reads row by row, where figures of a whole group are none."""
LOCATED: Mapping[str, tuple[str | None, ...]] = {
    "locations parameter": PLACES,
    "caps parameter": ("asset", ISSUER_FAMILY, WRAPPER, *PLACES),
    f"{HEDGE_RATES} parameter": (None, PEG),
    "inside parameter": (PAIR, None),
    "between parameter": (PAIR, None),
    f"{COVARIANCES} parameter": (PAIR, None),
}
"""What the parameters of a place in a charge may be indexed by, where it is special."""
ONLY_THERE: Mapping[str | None, str] = {
    **dict.fromkeys((*PLACES, ISSUER_FAMILY, WRAPPER), "which only collateral is told apart by"),
    PEG: "which only the rates of quote_hedge are",
    PAIR: "which only correlations are told apart by",
}
"""Indexes that mean nothing elsewhere."""


def lint(
    recipe: Recipe, defined: Mapping[str, Node], used: set[str], call: Mapping[str, Any]
) -> list[Failure]:
    """Everything that is wrong with a recipe that could be read; `call` as the file writes it."""
    trees = [tree for level in recipe.levels for tree in (level.equity, level.requirement)]
    said = [fact for tree in [*trees, *defined.values()] for fact in _facts(tree)]
    of_call = [("call", *each) for each in _names(call, "call")]
    name = recipe.name
    return [
        *_unknown(name, said, recipe),
        *_misused(name, said, recipe.terms.parameters),
        *_unused(name, [*said, *of_call], recipe, defined, used),
        *wait_failures(recipe),
        *call_failures(recipe),
        *(failure for tree in trees for failure in _groupings(name, tree, ACCOUNT)),
    ]


def _facts(node: Node) -> Iterator[tuple[str, str, str]]:
    """(node, word, name) of every name that a tree mentions."""
    for field in fields(node):
        if field.name not in {"part", "parts"}:
            for word, value in _names(getattr(node, field.name), field.name):
                yield node.name, word, value
    for child in children(node):
        yield from _facts(child)


def _names(value: Any, word: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, FromParameter):
        yield "parameter", value.name
        yield "rate", value.name
    elif isinstance(value, str):
        name = value.removeprefix("-")
        if name.startswith("$"):
            yield "parameter", name[1:]
            yield f"{word} parameter", name[1:]
        else:
            yield word, value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            by_row = field.name == "field" and isinstance(value, Lookup | HeldMin)
            own = ROW_FIELD if by_row else field.name
            if isinstance(value, QuoteHedge) and own == "rates":
                own = HEDGE_RATES
            if isinstance(value, Covariance) and own == "pairs":
                own = COVARIANCES
            yield from _names(getattr(value, field.name), own)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _names(each, word)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _names(each, str(key))


def _unknown(name: str, said: list[tuple[str, str, str]], recipe: Recipe) -> Iterator[Failure]:
    known = {
        "parameter": set(recipe.terms.parameters),
        "scenarios": set(recipe.terms.scenarios),
        "by": set(GROUPINGS),
        "within": set(GROUPINGS),
        "per": set(GROUPINGS),
        "grouping": set(GROUPINGS),
        "of": set(FIELDS) | set(recipe.terms.fields),
        ROW_FIELD: {*FIELDS, *recipe.terms.fields},
        "field": {*FIELDS, *OWNER_FIELDS, *recipe.terms.fields},
        "measured_by": {*FIELDS, *OWNER_FIELDS, *recipe.terms.fields},
        "auction": set(FIELDS) | set(recipe.terms.fields),
    }
    for node, word, value in dict.fromkeys(said):
        if word in known and value not in known[word]:
            there = ", ".join(sorted(known[word])) or "none"
            message = f"no {word} is called {value!r}; there are {there}"
            yield Failure(Reason.OUT_OF_BOUNDS, f"{name}.{node}", message)
    for family, table in recipe.terms.scenarios.items():
        for word, value in _names(table, "scenarios"):
            if word == "parameter" and value not in recipe.terms.parameters:
                message = f"no parameter is called {value!r}"
                yield Failure(Reason.OUT_OF_BOUNDS, f"{name}.scenarios.{family}", message)


def _misused(
    name: str, said: list[tuple[str, str, str]], parameters: Mapping[str, Parameter]
) -> Iterator[Failure]:
    """Parameters that are a list where a number is needed, or are indexed by what the place of
    their use does not know.
    """
    for node, word, value in dict.fromkeys(said):
        if value not in parameters or word == "parameter":
            continue
        parameter = parameters[value]
        where = f"{name}.{node}"
        if word == "rate" and _has_lists(parameter):
            message = f"params.{value} is a list where a number is needed"
            yield Failure(Reason.WRONG_TYPE, where, message)
        allowed = LOCATED.get(word)
        if allowed is not None and parameter.by not in allowed:
            words = ", ".join(each or "nothing" for each in allowed)
            message = f"params.{value} is by {parameter.by}; here it is by {words}"
            yield Failure(Reason.CONTRADICTION, where, message)
        if allowed is None and parameter.by in ONLY_THERE:
            message = f"params.{value} is by {parameter.by}, {ONLY_THERE[parameter.by]}"
            yield Failure(Reason.CONTRADICTION, where, message)


def _has_lists(parameter: Parameter) -> bool:
    entries = [parameter.otherwise]
    if isinstance(parameter.value, Mapping):
        entries += parameter.value.values()
    else:
        entries.append(parameter.value)
    return any(isinstance(entry, tuple) for entry in entries)


def _unused(
    name: str,
    said: list[tuple[str, str, str]],
    recipe: Recipe,
    defined: Mapping[str, Node],
    used: set[str],
) -> Iterator[Failure]:
    mentioned = {(word, value) for _, word, value in said}
    for table in recipe.terms.scenarios.values():
        mentioned.update(_names(table, "scenarios"))
    for parameter in recipe.terms.parameters:
        if ("parameter", parameter) not in mentioned:
            message = "is used by no node and no scenario"
            yield Failure(Reason.CONTRADICTION, f"{name}.params.{parameter}", message)
    for family in recipe.terms.scenarios:
        if ("scenarios", family) not in mentioned:
            message = "is used by no charge"
            yield Failure(Reason.CONTRADICTION, f"{name}.scenarios.{family}", message)
    for node in defined:
        if node not in used:
            message = "no level and no node refers to it"
            yield Failure(Reason.CONTRADICTION, f"{name}.define.{node}", message)


def _groupings(name: str, node: Node, at: str) -> Iterator[Failure]:
    """Every grouping inside must be one that the grouping around it can be added up from."""
    if isinstance(node, Per):
        if node.grouping in GROUPINGS and node.grouping not in FINER_THAN.get(at, frozenset()):
            message = f"per {node.grouping} does not add up to {at}"
            yield Failure(Reason.CONTRADICTION, f"{name}.{node.name}", message)
        yield from _groupings(name, node.part, node.grouping)
        return
    if isinstance(node, Leaf):
        for word, value in _names(node.charge, "charge"):
            if word == "by" and value in GROUPINGS and value not in FINER_THAN.get(at, frozenset()):
                message = f"by {value} does not add up to {at}"
                yield Failure(Reason.CONTRADICTION, f"{name}.{node.name}", message)
    for child in children(node):
        yield from _groupings(name, child, at)
