import numpy as np
import pytest

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.charge.mark_value import MarkValue, Sides, Valued
from crossmargin.rulebook.selection import Selection
from tests.rulebook.small_book import in_units, small_context

LINEAR_CALL = "bybit:BTC/USDC:USDC-260130-90000-C"
COIN_PUT = "deribit:BTC/USD:BTC-260130-80000-P"
UNMARKED = "deribit:BTC/USD:BTC-260130-70000-P"
SPOT = "okx:BTC/USDT"
LISTINGS = {
    LINEAR_CALL: {"size": "0.5", "mark": 3_000.0},
    COIN_PUT: {"mark": 0.02},
    UNMARKED: {},
    SPOT: {"mark": 85_000.0},
}
PRICES = {"BTC": 85_000.0, "USDC": 1.0, "USDT": 1.0}
BOOK = {LINEAR_CALL: 4, COIN_PUT: -3}
OPTIONS = Selection(kinds=(Kind.OPTION,))


def value_of(positions: dict[str, float], charge: MarkValue) -> float:
    context = small_context(
        accounts={"one": {"positions": positions}},
        prices=PRICES,
        listings=LISTINGS,
        tick_exponent=-14,
    )
    return float(in_units(context, charge.evaluate(context, "account").amount)[0])


def test_net_option_value_is_what_was_bought_less_what_was_sold() -> None:
    assert value_of(BOOK, MarkValue(selection=OPTIONS)) == 4 * 0.5 * 3_000 - 3 * 0.02 * 85_000


def test_either_side_alone() -> None:
    assert value_of(BOOK, MarkValue(sides=Sides.LONG)) == 6_000.0
    assert value_of(BOOK, MarkValue(sides=Sides.SHORT)) == -5_100.0


def test_a_selection_leaves_the_rest_out() -> None:
    assert value_of({**BOOK, SPOT: 1}, MarkValue(selection=OPTIONS)) == 900.0
    assert value_of({**BOOK, SPOT: 1}, MarkValue()) == 85_900.0


def test_a_held_option_without_a_mark_is_unavailable_and_a_side_not_asked_for_is_not() -> None:
    assert np.isnan(value_of({UNMARKED: -1}, MarkValue()))
    assert value_of({UNMARKED: -1}, MarkValue(sides=Sides.LONG)) == 0.0


def test_an_option_may_be_valued_by_the_model() -> None:
    context = small_context(
        accounts={"known": {"positions": {COIN_PUT: 1}}, "no vol": {"positions": {UNMARKED: 1}}},
        prices=PRICES,
        listings={**LISTINGS, COIN_PUT: {"mark": 0.02, "vol": 0.0, "forward": 64_000.0}},
        reporting="BTC",
        tick_exponent=-34,
    )
    amount = in_units(context, MarkValue(value=Valued.MODEL).evaluate(context, "account").amount)
    # Without vol an option is worth what it would pay: (80,000 - 64,000) / 64,000 coins.
    assert amount[0] == pytest.approx(0.25, abs=1e-9)
    assert np.isnan(amount[1])


def test_values_are_added_in_each_group() -> None:
    context = small_context(
        accounts={"one": {"positions": BOOK}, "two": {"positions": {COIN_PUT: 1}}},
        prices=PRICES,
        listings=LISTINGS,
        tick_exponent=-14,
    )
    outcome = MarkValue().evaluate(context, "settle")
    account = context.groups("settle").account
    by_account = np.bincount(account, weights=in_units(context, outcome.amount))
    np.testing.assert_allclose(by_account, [900.0, 1_700.0])
    assert outcome.parts is not None
    assert outcome.parts.positions.sum() == pytest.approx(outcome.amount.sum())
