"""Tables by a field and quotients of rates, through a recipe of a few lines."""

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.conformance.scene import Scene
from crossmargin.domain.instrument import Right
from tests.rulebook.scenes import amounts, assessed
from tests.rulebook.tiny import tiny

DAY = 86_400


def requirement(rate: str, params: str, days: float = 14, coin: str = "ETH") -> float:
    """Of one option of a coin, sold."""
    scene = Scene()
    scene.asset(coin, index=100)
    row = scene.option(coin, seconds=days * DAY, strike=120, right=Right.PUT, forward=100)
    scene.position(row, -1)
    exposure = 'charge = "exposure", amount = "short", of = "contracts", by = "listing"'
    charge = f"{{ {exposure}, {rate} }}"
    return amounts(assessed(scene, tiny(charge, params)), "maintenance", "requirement")[0]


LOOKUP = 'rate = { kind = "lookup", field = "days", keys = "$terms", rates = "$values" }'


def table(terms: str, values: str, by: str = "") -> str:
    return f"""
[params.terms]
{by}
value = {terms}
low = 0
high = 1000
source = "illustrative"
[params.values]
{by}
value = {values}
low = 0
high = 1000
source = "illustrative"
"""


@pytest.mark.parametrize(
    ("days", "value"), [(1, 1.0), (7, 1.0), (7.001, 2.0), (14, 2.0), (28, 4.0)]
)
def test_the_entry_is_that_of_the_next_key_and_a_key_itself_is_reached(
    days: float, value: float
) -> None:
    assert requirement(LOOKUP, table("[7, 14, 28]", "[1, 2, 4]"), days) == value


def test_beyond_the_last_key_there_is_no_figure() -> None:
    found = requirement(LOOKUP, table("[7, 14]", "[1, 2]"), days=14.5)
    assert found != found


def test_a_table_may_have_its_own_length_for_each_asset() -> None:
    tables = table(
        "{ ETH = [7, 14, 28], BTC = [30] }", "{ ETH = [1, 2, 4], BTC = [9] }", 'by = "asset"'
    )
    assert requirement(LOOKUP, tables) == 2.0
    assert requirement(LOOKUP, tables, coin="BTC") == 9.0
    other = requirement(LOOKUP, tables, coin="SOL")
    assert other != other


@pytest.mark.parametrize(
    ("terms", "values", "message"),
    [
        ("[7, 14]", "[1]", r"params\.values: has not one entry for each of \$terms"),
        ("[14, 7]", "[1, 2]", r"params\.terms: does not ascend"),
    ],
)
def test_a_table_that_is_none_is_refused(terms: str, values: str, message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        requirement(LOOKUP, table(terms, values))


def test_a_quotient_is_the_first_rate_over_the_rest() -> None:
    rate = 'rate = { kind = "quotient", rates = [{ kind = "field", field = "strike" }, 4.0, 2.0] }'
    assert requirement(rate, "") == 15.0
