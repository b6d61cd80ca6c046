"""The switches of Article 28 on any recipe, and a multiplier that follows vol."""

import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.recipe import Recipe
from crossmargin.wire.recipes import recipe_names, recipe_text
from tests.rulebook.history_scene import past, required, scene
from tests.rulebook.tiny import tiny

BTC = 60_000.0
"""A coin at this price at a rate of 1/600 is 100 dollars."""
HUNDRED = '{ charge = "exposure", amount = "gross", of = "coins", by = "listing", rate = %s }'


def figure(table: str, base: float = 100.0, params: str = "") -> float:
    book, priced = scene({"a": {"BTC": 1.0}})
    text = tiny(HUNDRED % base, params + "[procyclicality]\n" + table)
    return required(text, book, priced)[0]


def node(dollars: float) -> str:
    return HUNDRED % dollars


def test_a_buffer_of_a_quarter() -> None:
    assert figure("buffer = 0.25") == 125.0


def test_a_quarter_of_the_weight_on_a_stress_of_180() -> None:
    assert figure(f"stress_weight = 0.25\nstressed = {node(180)}") == 120.0


def test_a_floor_of_120_from_a_long_history() -> None:
    assert figure(f"floor = {node(120)}") == 120.0
    assert figure(f"floor = {node(80)}") == 100.0


@pytest.mark.parametrize(
    ("base", "asked"), [(80, 100), (100, 125), (110, 125), (125, 125), (140, 140)]
)
def test_the_buffer_is_consumed_while_margins_rise(base: float, asked: float) -> None:
    assert figure("buffer = 0.25\ncalm = 100", base) == asked


@given(
    st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000), st.sampled_from([0.25, 0.5])
)
@settings(max_examples=20)
def test_all_switches_together_are_the_formula(
    base: int, stress: int, floor: int, share: float
) -> None:
    table = (
        f"multiplier = 1.5\nstress_weight = {share}\nstressed = {node(stress)}\n"
        f"buffer = {share}\ncalm = 300\nfloor = {node(floor)}"
    )
    weighted = (1.0 - share) * 1.5 * base + share * stress
    buffered = max(weighted, min(weighted * (1.0 + share), 300.0 * (1.0 + share)))
    assert figure(table, base) == pytest.approx(max(buffered, floor), abs=1e-3)


def test_a_buffer_lies_on_every_bundled_recipe() -> None:
    for name in recipe_names():
        tables = tomllib.loads(recipe_text(name).decode())
        plain = load_recipe(tables)
        buffered = load_recipe({**tables, "procyclicality": {"buffer": 0.25}})
        assert buffered.terms.content_hash != plain.terms.content_hash
        for own, theirs in zip(buffered.levels, plain.levels, strict=True):
            assert own.requirement.name == "procyclicality.buffered"
            assert own.equity.name == theirs.equity.name


def test_a_floor_may_differ_by_level_and_must_then_name_each() -> None:
    levels = tiny().replace("[level.maintenance]", "[level.initial]") + (
        '[level.maintenance]\nequity = { charge = "cash" }\nrequirement = ' + node(50) + "\n"
    )
    floors = f"[procyclicality.floor]\ninitial = {node(300)}\nmaintenance = {node(200)}\n"
    recipe = _loaded(levels, floors)
    book, priced = scene({"a": {"ETH": 1.0}})
    found = assess(recipe, book, priced)
    asked = [float(own.requirement[0]) * 2.0**-14 for own in found.levels.values()]
    assert asked == [300.0, 200.0]
    with pytest.raises(InputRefused, match="maintenance has none"):
        _loaded(levels, f"[procyclicality.floor]\ninitial = {node(300)}\n")


def _loaded(text: str, more: str) -> Recipe:
    return load_recipe({**tomllib.loads(text), **tomllib.loads(more)})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("buffers = 0.25", "there are multiplier"),
        ("stress_weight = 0.25", "stressed: is needed beside stress_weight"),
        (f"stressed = {node(1)}", "stress_weight: is needed beside stressed"),
        ("calm = 100", "buffer: is needed beside calm"),
        ("buffer = -0.1", "not within 0 to 10"),
        (f"stress_weight = 1.5\nstressed = {node(1)}", "not within 0 to 1"),
        ('floor = { ref = "nothing" }', "no node is defined as 'nothing'"),
    ],
)
def test_a_switch_that_is_half_thrown_is_refused(table: str, message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        figure(table)


FOLLOWS = (
    '{ kind = "vol_multiplier", source = "SOURCE", decay = 0.94, days = DAYS, asset = "BTC", '
    "reference = 0.3, floor = 0.5, cap = 4.0, release = 0.05, trust = 1.5 }"
)


def _by_hand(days: int, cap: float = 4.0) -> float:
    """The multiplier in plain Python."""
    closes = past().price[:, 0]
    returns = np.diff(np.log(closes))
    variance = [float(np.mean(returns[:30] ** 2))]
    for each in returns:
        variance.append(0.94 * variance[-1] + 0.06 * float(each) ** 2)
    today = None
    for each in variance[-days:]:
        raw = min(max((365.0 * each) ** 0.5 / 0.3, 0.5), cap)
        today = raw if today is None else max(raw, today * 0.95)
    assert today is not None
    return today


@pytest.mark.parametrize("days", [1, 5, 60])
def test_the_multiplier_follows_the_vol_of_past_days(days: int) -> None:
    rate = FOLLOWS.replace("SOURCE", "realised").replace("DAYS", str(days))
    assert figure(f"multiplier = {rate}") == pytest.approx(100.0 * _by_hand(days), abs=1e-3)


def test_a_vol_index_counts_where_it_is_higher_and_only_as_far_as_it_is_trusted() -> None:
    rate = FOLLOWS.replace("SOURCE", "larger").replace("DAYS", "1").replace("4.0", "400.0")
    book, priced = scene({"a": {"BTC": 1.0}})
    text = tiny(node(100), f"[procyclicality]\nmultiplier = {rate}")
    assert np.isnan(required(text, book, priced)[0])
    closes = past()
    alone = 100.0 * _by_hand(1, 400.0)
    for level, factor in ((0.0001, 1.0), (1e6, 1.5)):
        book, priced = scene({"a": {"BTC": 1.0}})
        priced.vol_history = type(closes)(
            assets=("BTC",),
            date_ns=closes.date_ns.copy(),
            price=np.full((len(closes.date_ns), 1), level),
            source=("test",),
        )
        assert required(text, book, priced)[0] == pytest.approx(alone * factor, abs=1e-3)


def test_without_a_history_a_multiplier_has_no_figure() -> None:
    rate = FOLLOWS.replace("SOURCE", "realised").replace("DAYS", "5")
    book, priced = scene({"a": {"BTC": 1.0}})
    priced.history = None
    text = tiny(node(100), f"[procyclicality]\nmultiplier = {rate}")
    assert np.isnan(required(text, book, priced)[0])


def test_two_underlyings_have_no_vol_in_common() -> None:
    rate = FOLLOWS.replace("SOURCE", "realised").replace("DAYS", "5").replace('asset = "BTC", ', "")
    book, priced = scene({"a": {"BTC": 1.0, "ETH": 1.0}})
    text = tiny(node(100), f"[procyclicality]\nmultiplier = {rate}")
    with pytest.raises(InputRefused, match="not one figure per account"):
        required(text, book, priced)
    each = f'{{ per = "underlying", op = "scale", factor = {rate}, part = {node(100)} }}'
    alone = [required(tiny(each), *scene({"a": {coin: 1.0}}))[0] for coin in ("BTC", "ETH")]
    assert required(tiny(each), book, priced)[0] == pytest.approx(sum(alone), abs=1e-3)


@pytest.mark.parametrize("change", [("floor = 0.5", "floor = 5.0"), ("trust = 1.5", "trust = 0.5")])
def test_bounds_that_are_none_are_refused(change: tuple[str, str]) -> None:
    rate = FOLLOWS.replace("SOURCE", "realised").replace("DAYS", "5").replace(*change)
    with pytest.raises(InputRefused, match="vol_multiplier"):
        figure(f"multiplier = {rate}")
