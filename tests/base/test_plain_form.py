import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.plain_form import Forms


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Leaf:
    amount: Decimal
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Other:
    count: int


@dataclass(frozen=True, kw_only=True)
class Tree:
    leaves: tuple[Leaf, ...]
    by_place: Mapping[tuple[str, int], float]
    either: Leaf | Other | None
    colours: frozenset[Colour]
    named: Mapping[str, Leaf] = field(default_factory=dict)
    pair: tuple[int, bool] = (0, False)


LEAVES = st.builds(Leaf, amount=st.decimals(allow_nan=False), note=st.none() | st.text())
TREES = st.builds(
    Tree,
    leaves=st.lists(LEAVES, max_size=3).map(tuple),
    by_place=st.dictionaries(
        st.tuples(st.text(max_size=3), st.integers()), st.floats(allow_nan=False, width=64)
    ).map(lambda x: {key: value for key, value in x.items() if abs(value) != float("inf")}),
    either=st.none() | LEAVES | st.builds(Other, count=st.integers()),
    colours=st.frozensets(st.sampled_from(Colour)),
    named=st.dictionaries(st.text(max_size=4), LEAVES, max_size=3),
    pair=st.tuples(st.integers(), st.booleans()),
)


def _through_json(plain: Any) -> Any:
    return json.loads(json.dumps(plain, allow_nan=False))


@given(tree=TREES)
def test_what_is_written_reads_as_the_same_to_the_last_digit(tree: Tree) -> None:
    form = Forms().of(Tree)
    read = form.read(_through_json(form.write(tree)))
    assert read == tree
    assert repr(read) == repr(tree) or tree.colours
    assert list(read.named) == list(tree.named)


@given(tree=TREES)
def test_equal_values_have_one_canonical_form(tree: Tree) -> None:
    form = Forms(canonical=True).of(Tree)
    longer = tuple(
        replace(x, amount=x.amount if x.amount.is_infinite() else x.amount * Decimal("1.00"))
        for x in tree.leaves
        if len(x.amount.as_tuple().digits) < 20
    )
    own = replace(
        tree, leaves=tuple(x for x in tree.leaves if len(x.amount.as_tuple().digits) < 20)
    )
    turned = replace(
        own,
        leaves=longer,
        named=dict(reversed(own.named.items())),
        by_place=dict(reversed(own.by_place.items())),
    )
    if turned == own:
        assert json.dumps(form.write(turned)) == json.dumps(form.write(own))


def test_a_field_more_is_another_shape() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Longer:
        amount: Decimal
        note: str | None = None
        more: int = 0

    shapes = {Forms().of(kind).shape.partition("(")[2] for kind in (Leaf, Longer)}
    assert len(shapes) == 2


@pytest.mark.parametrize("kind", [object, list[int], type[int], bytes])
def test_a_type_without_a_plain_form_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="no plain form"):
        Forms().of(kind)


@pytest.mark.parametrize(
    ("kind", "plain"),
    [(int, True), (int, "1"), (bool, 1), (float, 1), (str, 3), (Colour, "green"), (Leaf, [])],
)
def test_a_plain_value_of_another_type_is_refused(kind: Any, plain: Any) -> None:
    with pytest.raises(ValueError, match=r"is no|is not a valid|fields, not"):
        Forms().of(kind).read(plain)
