import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.quote_hedge import QuoteHedge
from tests.rulebook.small_book import in_units, small_context

QUOTES = {
    "USDT": "okx:BTC/USDT:USDT",
    "USDC": "okx:BTC/USDC:USDC",
    "USD": "okx:BTC/USD:USD",
}
PAIRS = ("USDT/USD", "USDT/USDC", "USDC/USD")


def charged(
    deltas: dict[str, float],
    bounds: list[float],
    rates: list[float],
    orders: tuple[dict[str, object], ...] = (),
) -> float:
    charge = QuoteHedge(
        by="underlying",
        pairs=PAIRS,
        bounds="$bounds",
        rates="$rates",
        orders=OrderFill.WORST if orders else OrderFill.NONE,
    )
    context = small_context(
        accounts={
            "one": {
                "positions": {QUOTES[code]: amount for code, amount in deltas.items()},
                "orders": orders,
            }
        },
        prices={"BTC": 1.0, "USDT": 1.0, "USDC": 1.0},
        listings={name: {"mark": 1.0} for name in QUOTES.values()},
        parameters={"bounds": bounds, "rates": rates},
        tick_exponent=-14,
    )
    found = charge.evaluate(context, "account")
    assert found.parts is not None
    assert found.parts.positions.sum() == pytest.approx(found.amount[0])
    return float(in_units(context, found.amount)[0])


def test_ten_million_of_hedge_cost_202_500() -> None:
    cost = charged({"USDT": 12e6, "USDC": -10e6}, [1e6, 5e6], [0.0075, 0.0175, 0.025])
    assert cost == pytest.approx(202_500, abs=1e-3)


def test_pairs_are_served_in_their_order() -> None:
    cost = charged({"USDT": 5, "USDC": -4, "USD": -3}, [], [1.0])
    assert cost == pytest.approx(5)
    assert charged({"USDT": 5, "USDC": 4, "USD": 3}, [], [1.0]) == 0.0


@given(
    st.lists(st.integers(-9, 9), min_size=3, max_size=3),
    st.lists(
        st.tuples(st.sampled_from(sorted(QUOTES)), st.booleans(), st.integers(1, 9)), max_size=4
    ),
)
def test_no_choice_of_orders_costs_more_than_the_bound(
    deltas: list[int], resting: list[tuple[str, bool, int]]
) -> None:
    held = dict(zip(QUOTES, map(float, deltas), strict=True))
    orders = tuple(
        {"listing": QUOTES[code], "side": "buy" if buys else "sell", "contracts": size}
        for code, buys, size in resting
    )
    bound = charged(held, [3.0], [0.5, 1.0], orders) if orders else charged(held, [3.0], [0.5, 1.0])
    for chosen in itertools.product([0, 1], repeat=len(resting)):
        filled = dict(held)
        for (code, buys, size), taken in zip(resting, chosen, strict=True):
            filled[code] += taken * size * (1 if buys else -1)
        assert charged(filled, [3.0], [0.5, 1.0]) <= bound + 1e-3
