import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.standard_option import (
    Leg,
    Premium,
    Reference,
    StandardOption,
)
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.evaluate import evaluate
from crossmargin.rulebook.node import Extreme, Leaf, Per
from crossmargin.rulebook.rate import FromParameter, Number
from tests.rulebook.small_book import in_units, small_context


def number(value: float) -> Number:
    return Number(value=value)


DERIBIT_INITIAL = StandardOption(
    reference=Reference.FORWARD, larger=number(0.15), smaller=number(0.10)
)
DERIBIT_MAINTENANCE = StandardOption(
    reference=Reference.FORWARD,
    larger=number(0.0),
    smaller=number(0.075),
    put_leg=Leg.LARGER_OF_REFERENCE_AND_MARK,
)
BYBIT_MAINTENANCE = StandardOption(
    reference=Reference.INDEX,
    larger=number(0.0),
    smaller=number(0.03),
    call_leg=Leg.LARGER_OF_REFERENCE_AND_MARK,
    put_leg=Leg.LARGER_OF_REFERENCE_AND_MARK,
    fee=number(0.002),
)
BYBIT_INITIAL = StandardOption(
    reference=Reference.INDEX,
    larger=number(0.15),
    smaller=number(0.10),
    premium=Premium.LARGER_OF_MARK_AND_ENTRY,
)
OKX_HISTORIC = StandardOption(
    reference=Reference.FORWARD,
    larger=number(0.15),
    smaller=number(0.10),
    put_leg=Leg.REFERENCE_AND_MARK,
)


def reg_t(rate: float) -> StandardOption:
    return StandardOption(
        reference=Reference.INDEX,
        larger=number(rate),
        smaller=number(0.10),
        put_leg=Leg.STRIKE,
    )


def one_position(
    symbol: str,
    contracts: float,
    price: float,
    mark: float,
    *,
    size: object = 1,
    entry: float | None = None,
    reporting: str = "USD",
    **listing: object,
) -> Context:
    name = f"venue:{symbol}"
    underlying = symbol.split("/", maxsplit=1)[0]
    position = {"contracts": contracts} | ({} if entry is None else {"entry": entry})
    return small_context(
        accounts={"one": {"positions": {name: position}}},
        prices={underlying: price, "USDC": 1.0, "USDT": 1.0},
        listings={name: {"mark": mark, "size": size, **listing}},
        reporting=reporting,
        tick_exponent=-34 if reporting != "USD" else -20,
    )


def charged(context: Context, charge: StandardOption) -> float:
    return float(in_units(context, charge.evaluate(context, "account").amount)[0])


def test_deribit_margins_a_short_put_in_coin() -> None:
    context = one_position(
        "BTC/USD:BTC-260130-48000-P", -3, 50_500.0, 0.05, forward=50_000.0, reporting="BTC"
    )
    assert charged(context, DERIBIT_INITIAL) == pytest.approx(0.48, abs=1e-9)
    assert charged(context, DERIBIT_MAINTENANCE) == pytest.approx(0.375, abs=1e-9)


def test_an_option_that_costs_more_than_a_coin_pays_maintenance_on_its_mark() -> None:
    context = one_position(
        "BTC/USD:BTC-260130-150000-P", -1, 50_000.0, 2.0, forward=50_000.0, reporting="BTC"
    )
    assert charged(context, DERIBIT_MAINTENANCE) == pytest.approx(0.075 * 2 + 2, abs=1e-9)


def test_bit_com_margins_fifty_linear_puts() -> None:
    context = one_position("ETH/USDT:USDT-260130-1850-P", -50, 2_098.0, 2.4)
    assert charged(context, DERIBIT_INITIAL) == pytest.approx(10_610.0, abs=1e-4)
    assert charged(context, DERIBIT_MAINTENANCE) == pytest.approx(7_987.5, abs=1e-4)


def test_bybit_maintenance_has_a_liquidation_fee() -> None:
    context = one_position("BTC/USDC:USDC-260130-31000-C", -1, 30_000.0, 300.0)
    assert charged(context, BYBIT_MAINTENANCE) == pytest.approx(1_260.0, abs=1e-5)


@pytest.mark.parametrize(("entry", "expected"), [(250.0, 3_800.0), (350.0, 3_850.0)])
def test_bybit_initial_adds_the_larger_of_mark_and_entry(entry: float, expected: float) -> None:
    # 15 % of the index less 1,000 out of the money is 3,500, more than 10 % of it.
    context = one_position("BTC/USDC:USDC-260130-31000-C", -1, 30_000.0, 300.0, entry=entry)
    assert charged(context, BYBIT_INITIAL) == pytest.approx(expected, abs=1e-5)


def test_okx_put_floor_stands_on_one_plus_the_mark() -> None:
    context = one_position(
        "BTC/USD:BTC-260130-45000-P",
        -10,
        50_000.0,
        0.02,
        size="0.1",
        forward=50_000.0,
        reporting="BTC",
    )
    assert charged(context, OKX_HISTORIC) == pytest.approx(0.122, abs=1e-9)


@pytest.mark.parametrize(
    ("symbol", "price", "mark", "rate", "expected"),
    [
        ("XYZ/USD:USD-260130-68-C", 65.0, 1.5, 0.20, 1_150.0),
        ("SPX/USD:USD-260130-1120-C", 1_095.0, 2.5, 0.15, 14_175.0),
    ],
)
def test_naked_calls_under_regulation_t(
    symbol: str, price: float, mark: float, rate: float, expected: float
) -> None:
    context = one_position(symbol, -1, price, mark, size=100)
    assert charged(context, reg_t(rate)) == pytest.approx(expected, abs=1e-4)


def test_a_naked_put_under_regulation_t_has_its_floor_on_the_strike() -> None:
    context = one_position("XYZ/USD:USD-260130-40-P", -1, 65.0, 0.5, size=100)
    assert charged(context, reg_t(0.20)) == pytest.approx(100 * (4.0 + 0.5), abs=1e-4)


def test_a_put_floor_is_the_larger_of_two_charges_per_listing() -> None:
    # Deribit: initial margin of a put is at least its maintenance margin.
    context = one_position(
        "BTC/USD:BTC-260130-150000-P", -1, 50_000.0, 2.0, forward=50_000.0, reporting="BTC"
    )
    initial = Leaf(name="initial", charge=DERIBIT_INITIAL)
    maintenance = Leaf(name="maintenance", charge=DERIBIT_MAINTENANCE)
    larger = Extreme(name="larger", parts=(initial, maintenance), largest=True)
    answer = evaluate(Per(name="each", grouping="listing", part=larger), context, "account")
    assert in_units(context, answer.outcome.amount)[0] == pytest.approx(2.15, abs=1e-9)


def test_rates_may_differ_by_asset() -> None:
    # BIT.com: BCH 0.25 / 0.15, TON 0.6 / 0.5.
    charge = StandardOption(
        reference=Reference.INDEX,
        larger=FromParameter(name="larger"),
        smaller=FromParameter(name="smaller"),
        premium=Premium.NONE,
    )
    bch, ton = "bit:BCH/USD:USD-260130-100-C", "bit:TON/USD:USD-260130-10-C"
    context = small_context(
        accounts={"one": {"positions": {bch: -1, ton: -1}}},
        prices={"BCH": 100.0, "TON": 10.0},
        listings={bch: {"mark": 1.0}, ton: {"mark": 1.0}},
        parameters={
            "larger": {"value": {"BCH": 0.25, "TON": 0.6}, "by": "asset"},
            "smaller": {"value": {"BCH": 0.15, "TON": 0.5}, "by": "asset"},
        },
    )
    assert charged(context, charge) == pytest.approx(25.0 + 6.0, abs=1e-5)


def test_what_is_bought_pays_nothing_and_needs_no_mark() -> None:
    context = one_position("BTC/USDC:USDC-260130-31000-C", 1, 30_000.0, float("nan"))
    assert charged(context, BYBIT_MAINTENANCE) == 0.0


def test_a_short_option_without_a_mark_is_unavailable() -> None:
    context = one_position("BTC/USDC:USDC-260130-31000-C", -1, 30_000.0, float("nan"))
    assert np.isnan(charged(context, BYBIT_MAINTENANCE))


def test_an_unknown_entry_is_unavailable_only_where_the_rule_asks_for_it() -> None:
    context = one_position("BTC/USDC:USDC-260130-31000-C", -1, 30_000.0, 300.0)
    assert np.isnan(charged(context, BYBIT_INITIAL))
    assert charged(context, BYBIT_MAINTENANCE) > 0.0


def test_an_open_sale_counts_as_sold_where_orders_count() -> None:
    name = "bybit:BTC/USDC:USDC-260130-31000-C"
    context = small_context(
        accounts={
            "one": {
                "positions": {name: 1},
                "orders": [
                    {"listing": name, "side": "sell", "contracts": 3},
                    {"listing": name, "side": "buy", "contracts": 9},
                ],
            }
        },
        prices={"BTC": 30_000.0, "USDC": 1.0},
        listings={name: {"mark": 300.0}},
    )
    charge = StandardOption(
        reference=Reference.INDEX,
        larger=number(0.0),
        smaller=number(0.03),
        premium=Premium.NONE,
        orders=OrderFill.WORST,
    )
    assert charged(context, charge) == pytest.approx(2 * 900.0, abs=1e-5)


def test_a_perpetual_beside_an_option_pays_nothing_here() -> None:
    option, perpetual = "bybit:BTC/USDC:USDC-260130-31000-C", "bybit:BTC/USDC:USDC"
    context = small_context(
        accounts={"one": {"positions": {option: -1, perpetual: -5}, "balances": {"USDC": 9.0}}},
        prices={"BTC": 30_000.0, "USDC": 1.0},
        listings={option: {"mark": 300.0}, perpetual: {"mark": 30_000.0}},
        balances_grouped=True,
    )
    assert charged(context, BYBIT_MAINTENANCE) == pytest.approx(1_260.0, abs=1e-5)


@given(
    strike=st.integers(1_000, 90_000),
    mark=st.floats(0.0, 5_000.0),
    right=st.sampled_from("CP"),
    contracts=st.integers(1, 50),
)
def test_margin_of_a_short_option_is_homogeneous_and_at_least_its_mark(
    strike: int, mark: float, right: str, contracts: int
) -> None:
    symbol = f"BTC/USDC:USDC-260130-{strike}-{right}"
    one = charged(one_position(symbol, -1, 30_000.0, mark), DERIBIT_INITIAL)
    many = charged(one_position(symbol, -contracts, 30_000.0, mark), DERIBIT_INITIAL)
    assert one >= mark + 3_000.0 - 1e-5
    assert many == pytest.approx(contracts * one, abs=1e-4)
