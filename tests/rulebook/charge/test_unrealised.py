import numpy as np
import pytest

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.charge.unrealised import Unrealised, unrealised_coins
from crossmargin.rulebook.selection import FUTURES, Selection
from tests.rulebook.small_book import in_units, small_context

LINEAR = "okx:BTC/USDT:USDT"
INVERSE = "deribit:BTC/USD:BTC"
OPTION = "deribit:BTC/USD:BTC-260130-90000-C"
LISTINGS = {
    LINEAR: {"size": "0.01", "mark": 110.0},
    INVERSE: {"size": 10, "mark": 125.0},
    OPTION: {"mark": 0.05},
}
PRICES = {"BTC": 120.0, "USDT": 0.5}


def profit_of(positions: dict[str, object], charge: Unrealised = Unrealised()) -> float:  # noqa: B008
    context = small_context(
        accounts={"one": {"positions": positions}}, prices=PRICES, listings=LISTINGS
    )
    return float(in_units(context, charge.evaluate(context, "account").amount)[0])


def test_a_linear_profit_is_converted_at_the_index_of_its_settlement_asset() -> None:
    assert profit_of({LINEAR: {"contracts": 300, "entry": 100.0}}) == 15.0


def test_an_inverse_profit_is_the_difference_of_reciprocals() -> None:
    # 50 x 10 x (1/100 - 1/125) = 1 BTC.
    assert profit_of({INVERSE: {"contracts": 50, "entry": 100.0}}) == pytest.approx(120.0)


def test_funding_accrued_is_profit() -> None:
    position = {"contracts": 300, "entry": 100.0, "funding": -4.0}
    assert profit_of({LINEAR: position}) == 13.0


def test_options_are_no_part_of_it_unless_selected() -> None:
    held = {OPTION: {"contracts": 2, "entry": 0.02}}
    assert profit_of(held) == 0.0
    selection = Selection(kinds=(Kind.OPTION,))
    assert profit_of(held, Unrealised(selection=selection)) == pytest.approx(7.2, abs=1e-5)


def test_an_unknown_entry_is_unavailable_for_what_is_held_and_for_nothing_else() -> None:
    context = small_context(
        accounts={
            "unknown": {"positions": {LINEAR: 1}},
            "order only": {"orders": [{"listing": LINEAR, "side": "buy", "contracts": 5}]},
            "not selected": {"positions": {OPTION: 1}},
        },
        prices=PRICES,
        listings=LISTINGS,
    )
    amount = Unrealised().evaluate(context, "account").amount
    assert np.isnan(amount).tolist() == [True, False, False]
    assert amount[1:].tolist() == [0.0, 0.0]


def test_profit_in_coins_is_the_same_profit() -> None:
    context = small_context(
        accounts={
            "one": {
                "positions": {
                    LINEAR: {"contracts": 300, "entry": 100.0, "funding": 2.0},
                    INVERSE: {"contracts": 50, "entry": 100.0},
                }
            }
        },
        prices=PRICES,
        listings=LISTINGS,
    )
    found = dict(
        zip(context.positions.instrument.tolist(), unrealised_coins(context, FUTURES), strict=True)
    )
    listing_ids = context.run.universe.listing_ids
    assert found[listing_ids.index(LINEAR)] == pytest.approx(32.0)
    assert found[listing_ids.index(INVERSE)] == pytest.approx(1.0)


def test_parts_add_up_to_the_profit() -> None:
    context = small_context(
        accounts={
            "one": {
                "positions": {
                    LINEAR: {"contracts": 7, "entry": 93.7},
                    INVERSE: {"contracts": -3, "entry": 101.3},
                }
            }
        },
        prices=PRICES,
        listings=LISTINGS,
    )
    outcome = Unrealised().evaluate(context, "account")
    assert outcome.parts is not None
    assert outcome.parts.positions.sum() == outcome.amount[0]
