"""Reading vectors of the format in which each example has its own inputs: keys that mean one thing
under several names, and texts that state a rule.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.shape import Shape, misfit, shape
from crossmargin.conformance.verdict import Unsupported
from crossmargin.domain.instrument import Right

COIN = "COIN"
"""The underlying of a vector that names none."""

RIGHTS = {"c": Right.CALL, "call": Right.CALL, "p": Right.PUT, "put": Right.PUT}


def inputs_shape(needed: str, optional: str = "", expected: str = "expected.*") -> Shape:
    """A shape from names of inputs, divided by blanks, and any expected keys."""
    return shape(
        " ".join(f"inputs.{name}" for name in needed.split()),
        " ".join([f"inputs.{name}" for name in optional.split()] + [expected]),
    )


def nearest_misfit(case: Case, shapes: Iterable[Shape]) -> Unsupported | None:
    """None when one of the shapes fits; else what is wrong with the one that fits best."""
    found = [misfit(case, each) for each in shapes]
    wrong = [each for each in found if each is not None]
    if len(wrong) < len(found):
        return None
    return sorted(wrong, key=lambda each: each.reason.count(",") + each.reason.count(";"))[0]


def given(inputs: Mapping[str, Any], names: str) -> Any:
    """The value of the first of several names that stands there, None without any."""
    return next((inputs[name] for name in names.split() if inputs.get(name) is not None), None)


def lacking(case: Case, *alternatives: str) -> Unsupported | None:
    """Of several keys for one thing (names divided by blanks) one must stand there: those of which
    none does.
    """
    missing = [names for names in alternatives if given(case.inputs, names) is None]
    if not missing:
        return None
    told = ", ".join("inputs." + " or inputs.".join(names.split()) for names in missing)
    return Unsupported(reason=f"missing keys {told}")


def renamed(case: Case, words: Mapping[str, str]) -> Case:
    """The vector with one name for each thing: the first name of `words` for any that follow it, in
    capitals or not. A name that stands there twice stays as it is, and is then unknown.
    """
    meant = {word: name for name, words_ in words.items() for word in (name, *words_.split())}
    inputs: dict[str, Any] = {}
    for key, value in case.inputs.items():
        name = meant.get(key.lower(), key)
        inputs[key if name in inputs or (name != key and name in case.inputs) else name] = value
    return replace(case, inputs=inputs)


def listed(value: Any) -> list[Any]:
    """A list as it is, one value as a list of it."""
    return value if isinstance(value, list) else [value]


def right_of(case: Case, names: str = "type right option_type") -> Right:
    """Call or put as an input says it, else as the title of the vector does."""
    stated = given(case.inputs, names)
    if stated is not None:
        return RIGHTS[str(stated).lower()]
    words = [RIGHTS[word] for word in re.findall(r"\b(call|put)\b", case.name.lower())]
    if len(set(words)) != 1:
        raise ValueError("neither the inputs nor the title say whether it is a call or a put")
    return words[0]


def unknown_rule(case: Case, rules: Mapping[str, str]) -> Unsupported | None:
    """Of inputs that state a rule in words, the first that is not the known one."""
    for name, pattern in rules.items():
        text = case.inputs.get(name)
        if text is not None and not re.fullmatch(pattern, str(text)):
            return Unsupported(reason=f"inputs.{name} states a rule that is not known: {text!r}")
    return None


def tiers(bounds: list[Any], rates: list[Any]) -> tuple[list[Any], list[Any]]:
    """Upper bounds and rates of marginal tiers; null is no bound, nothing counts above the last."""
    finite = [bound for bound in bounds if bound is not None]
    return finite, rates if len(rates) > len(finite) else [*rates, 0]
