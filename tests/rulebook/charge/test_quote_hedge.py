import itertools
import math

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
    rates: list[float] | dict[str, list[float]],
    orders: tuple[dict[str, object], ...] = (),
    usdt: float = 1.0,
    usdc: float = 1.0,
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
        prices={"BTC": 1.0, "USDT": usdt, "USDC": usdc},
        listings={name: {"mark": 1.0} for name in QUOTES.values()},
        parameters={
            "bounds": bounds,
            "rates": {"value": rates, "by": "peg"} if isinstance(rates, dict) else rates,
        },
        tick_exponent=-14,
    )
    found = charge.evaluate(context, "account")
    assert found.parts is not None
    assert found.parts.positions.sum() == pytest.approx(found.amount[0], nan_ok=True)
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


BY_PEG = {"0.995": [0.005, 0.01], "0.99": [0.005, 0.015], "0.8": [0.4, 0.4]}


@pytest.mark.parametrize(
    ("usdt", "rate"),
    [(1.0, 0.01), (0.995, 0.01), (0.9949, 0.015), (0.99, 0.015), (0.9, 0.4), (0.5, 0.4)],
)
def test_a_hedge_pays_by_its_size_and_by_the_price_of_one_currency_in_the_other(
    usdt: float, rate: float
) -> None:
    # 5 coins hedged: one of them in the first tier.
    first = 0.4 if rate == 0.4 else 0.005
    size = 5.0
    cost = charged({"USDT": 5 / usdt, "USD": -9}, [1.0], BY_PEG, usdt=usdt)
    assert cost == pytest.approx(first + (size - 1.0) * rate, abs=1e-3)


def test_it_is_the_pair_that_is_off_its_peg_whichever_way() -> None:
    # Tether is at a dollar; against a circle coin at 0.9 it is the hedge that is in doubt.
    cost = charged({"USDT": 5, "USDC": -5 / 0.9}, [1.0], BY_PEG, usdc=0.9)
    assert cost == pytest.approx(5 * 0.4, abs=1e-3)
    assert charged({"USDT": 5, "USD": -5}, [1.0], BY_PEG, usdc=0.9) == pytest.approx(
        0.005 + 4 * 0.01, abs=1e-3
    )


@given(st.floats(0.5, 1.5), st.floats(0.5, 1.5), st.integers(1, 9))
def test_further_from_the_peg_never_costs_less(one: float, other: float, coins: int) -> None:
    def cost(usdt: float) -> float:
        return charged({"USDT": coins / usdt, "USD": -9}, [3.0], BY_PEG, usdt=usdt)

    near, far = sorted((one, other), key=lambda price: abs(math.log(price)))
    assert cost(far) >= cost(near) - 1e-3


def test_a_pair_without_a_price_has_no_rate() -> None:
    assert math.isnan(charged({"USDT": 5, "USD": -5}, [1.0], BY_PEG, usdt=math.nan))
