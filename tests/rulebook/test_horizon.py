"""What time a recipe covers, and calls that must fit into it."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.engine.rules import rules_of
from crossmargin.engine.setup import CallPolicy, Setup
from crossmargin.rulebook.horizon import horizon_days
from crossmargin.wire.recipes import bundled_recipe, read_recipe, recipe_text
from tests.rulebook.tiny import GROSS, tiny


def family(days: int) -> str:
    return f'[scenarios.d{days}]\nkind = "historical"\nwindow_days = 10\nhorizon_days = {days}\n'


def shortfall(days: int) -> str:
    return f'{{ charge = "expected_shortfall", scenarios = "d{days}", level = 0.9 }}'


def legs(cure: float | str = 0.5) -> str:
    return (
        '{ charge = "horizon_shortfall", scenarios = ["d1", "d2", "d5"], level = 0.9, '
        f"detection_days = 0.25, notice_days = 0.25, cure_days = {cure}, "
        'adv = { kind = "field", field = "adv" }, participation = 0.1 }'
    )


def call(detection: float = 0.0, notice: float = 0.0, cure: float = 0.0) -> str:
    return f"[call]\ndetection_days = {detection}\nnotice_days = {notice}\ncure_days = {cure}\n"


ONE_TWO_FIVE = "".join(family(days) for days in (1, 2, 5))


def covered(requirement: str, families: str) -> float | None:
    return horizon_days(read_recipe(tiny(requirement, families).encode()))


@pytest.mark.parametrize(
    ("requirement", "families", "days"),
    [
        (GROSS, "", None),
        (shortfall(2), family(2), 2.0),
        (f'{{ op = "max", parts = [{shortfall(1)}, {shortfall(5)}] }}', family(1) + family(5), 5.0),
        (f'{{ op = "sum", parts = [{shortfall(2)}, {GROSS}] }}', family(2), 2.0),
        (f'{{ op = "min", parts = [{shortfall(1)}, {shortfall(5)}] }}', family(1) + family(5), 1.0),
        (f'{{ op = "min", parts = [{shortfall(1)}, {GROSS}] }}', family(1), None),
        (legs(), ONE_TWO_FIVE, 1.0),
        (legs(0.6), ONE_TWO_FIVE, 2.0),
        (legs('{ kind = "field", field = "adv" }'), ONE_TWO_FIVE, 1.0),
    ],
)
def test_a_requirement_covers_the_horizon_of_its_scenarios(
    requirement: str, families: str, days: float | None
) -> None:
    assert covered(requirement, families) == days


def test_a_call_that_fits_is_read_and_one_that_does_not_is_refused() -> None:
    text = tiny(shortfall(2), family(2) + call(0.25, 0.75, 1.0))
    window = read_recipe(text.encode()).call
    assert window is not None
    assert window.days == 2.0
    longer = tiny(shortfall(2), family(2) + call(0.25, 0.75, 1.5))
    with pytest.raises(InputRefused, match=r"met 2.5 days after.*covers 2 days"):
        read_recipe(longer.encode())
    with pytest.raises(InputRefused, match="no requirement covers a time"):
        read_recipe(tiny(GROSS, call()).encode())


@given(st.integers(0, 8), st.integers(0, 8), st.integers(0, 8))
def test_exactly_what_fits_into_the_horizon_is_accepted(a: int, b: int, c: int) -> None:
    text = tiny(shortfall(2), family(2) + call(a / 4, b / 4, c / 4)).encode()
    if a + b + c <= 8:
        assert read_recipe(text).call is not None
    else:
        with pytest.raises(InputRefused, match="a call may be met"):
            read_recipe(text)


def test_the_shortest_horizon_of_all_levels_counts() -> None:
    text = tiny(shortfall(5), family(5) + family(1))
    text += f'[level.initial]\nequity = {{ charge = "cash" }}\nrequirement = {shortfall(1)}\n'
    assert horizon_days(read_recipe(text.encode())) == 1.0


def test_days_may_be_parameters_and_an_override_is_held_to_the_same_rule() -> None:
    params = (
        '[params.cure]\nvalue = 0.5\nlow = 0.0\nhigh = 9.0\nsource = "illustrative"\n'
        '[params.days]\nvalue = 2.0\nlow = 1.0\nhigh = 9.0\nsource = "illustrative"\n'
    )
    tables = params + family(2).replace("horizon_days = 2", 'horizon_days = "$days"')
    text = tiny(shortfall(2), tables + call().replace("cure_days = 0.0", 'cure_days = "$cure"'))
    read = read_recipe(text.encode())
    assert read.call is not None
    assert (read.call.cure_days, horizon_days(read)) == (0.5, 2.0)
    with pytest.raises(InputRefused, match="a call may be met"):
        read_recipe(text.encode(), {"cure": 2.5})
    with pytest.raises(InputRefused, match="a call may be met"):
        read_recipe(text.encode(), {"cure": 1.5, "days": 1.0})


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("call = 3\n", "is not a table"),
        ("[call]\nnotice_days = 1\n", "cure_days: is required"),
        (call(-1.0), "-1 days are negative"),
        (call() + "grace_days = 1\n", "a call has detection_days, notice_days, cure_days"),
        (call().replace("0.0", '"$none"'), "is no parameter that is one number"),
    ],
)
def test_a_call_that_cannot_be_read_is_refused_by_name(written: str, message: str) -> None:
    head, tables = (written, "") if written.startswith("call =") else ("", written)
    with pytest.raises(InputRefused, match=message):
        read_recipe(tiny(shortfall(2), family(2) + tables, head).encode())


def test_legs_wait_at_least_as_long_as_a_call_lasts() -> None:
    # Both fit into the first family; the leg is scanned over 0.5 days and its work, not over 0.75.
    text = tiny(legs(0.0), ONE_TWO_FIVE + call(0.25, 0.25, 0.25))
    with pytest.raises(InputRefused, match=r"waits 0.5 days.*a call lasts 0.75"):
        read_recipe(text.encode())
    assert read_recipe(tiny(legs(0.25), ONE_TWO_FIVE + call(0.25, 0.25, 0.25)).encode()).call
    by_market = legs('{ kind = "field", field = "adv" }')
    assert read_recipe(tiny(by_market, ONE_TWO_FIVE + call(0.25, 0.25, 0.5)).encode()).call


def test_legs_that_wait_longer_than_any_family_are_refused_when_the_recipe_is_read() -> None:
    with pytest.raises(InputRefused, match="longest horizon of 5 days"):
        read_recipe(tiny(legs(5.0), ONE_TWO_FIVE).encode())


def test_an_engine_does_not_start_with_calls_that_outlast_a_requirement() -> None:
    tables = tomllib.loads(recipe_text("historical-es").decode())
    setup = Setup(assets={}, recipes={"es": tables}, default_recipe="es")
    assert rules_of(setup, {}).recipes["es"].name == "historical-es"
    for calls in (
        CallPolicy(notice_ns=NS_PER_DAY + 1),
        CallPolicy(notice_ns=NS_PER_DAY // 2, cut_off_ns=NS_PER_DAY // 4),
    ):
        with pytest.raises(InputRefused, match=r"calls\.notice_ns, recipe es"):
            rules_of(Setup(assets={}, recipes={"es": tables}, default_recipe="es", calls=calls), {})


def test_bundled_recipes_say_what_they_cover() -> None:
    assert horizon_days(bundled_recipe("historical-es")) == 1.0
    assert horizon_days(bundled_recipe("historical-es", {"horizon_days": 3.0})) == 3.0
    assert horizon_days(bundled_recipe("deribit-portfolio")) is None
