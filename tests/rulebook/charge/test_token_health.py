"""Health of tokens against a second computation, market by market in plain numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.conformance.scene import Scene
from crossmargin.domain.holding import Side
from tests.rulebook.scenes import amounts, assessed

PRICE = {"A": 1.0, "B": 5.0, "C": 10.0}
HELD = {"A": 0.8, "B": 0.5, "C": 0.5}
OWED = {"A": 1.2, "B": 1.5, "C": 1.5}
MARK, LOT, LONG, SHORT, GAIN = 5.0, 10.0, 0.8, 1.2, 0.95
PAIRS = (("B", "A"), ("C", "A"), ("C", "B"))
OVERRIDES = {
    "initial_asset_weight": HELD,
    "initial_liability_weight": OWED,
}

Market = tuple[int, int, int | None]
"""Reserved base, lots bought with the quote that is reserved, price of all orders or none."""


def scene_of(
    balances: dict[str, int],
    perp: tuple[int, int, int, int] = (0, 0, 0, 0),
    markets: tuple[Market, ...] = (),
) -> Scene:
    scene = Scene()
    scene.account()
    for token, price in PRICE.items():
        scene.asset(token, index=price, twap=price)
        scene.balance(token, balances.get(token, 0))
    row = scene.perpetual("B", quote="A", settle="A", contract_size=LOT, mark=MARK)
    lots, cash, bids, asks = perp
    scene.position(row, lots, cost=-cash)
    if bids:
        scene.order(row, Side.BUY, bids)
    if asks:
        scene.order(row, Side.SELL, asks)
    for (base, quote), (own, bought, limit) in zip(PAIRS, markets, strict=False):
        pair = scene.spot(base, quote=quote)
        if own:
            scene.order(pair, Side.SELL, own, limit_price=limit)
        if bought:
            scene.order(pair, Side.BUY, bought, limit_price=limit)
    return scene


def health(scene: Scene) -> float:
    return amounts(assessed(scene, "mango-v4", OVERRIDES), "initial")[0]


def perp_value(perp: tuple[int, int, int, int]) -> float:
    lots, cash, bids, asks = perp

    def case(filled: int) -> float:
        base = (lots + filled) * LOT * MARK
        return base * (LONG if base >= 0 else SHORT) - filled * LOT * MARK

    total = cash + min(case(bids), case(-asks))
    return total * GAIN if total > 0 else total


def expected(
    balances: dict[str, int], perp: tuple[int, int, int, int], markets: tuple[Market, ...]
) -> float:
    have = {token: float(balances.get(token, 0)) for token in PRICE}
    have["A"] += perp_value(perp)
    total = sum(x * PRICE[t] * (OWED[t] if x < 0 else HELD[t]) for t, x in have.items())
    most, turned = dict(have), []
    for (base, quote), (own, bought, limit) in zip(PAIRS, markets, strict=False):
        rate = PRICE[base] / PRICE[quote]
        spent = bought * (rate if limit is None else limit)
        in_quote = spent + own * min(rate, rate if limit is None else limit)
        in_base = own + min(spent / rate, spent / (rate if limit is None else limit))
        turned.append((base, quote, in_base, in_quote))
        most[base] += in_base
        most[quote] += in_quote
    for base, quote, in_base, in_quote in turned:
        total += min(last(most[base], in_base, base), last(most[quote], in_quote, quote))
    return total


def last(most: float, coins: float, token: str) -> float:
    held = min(max(most, 0.0), coins)
    return PRICE[token] * (held * HELD[token] + (coins - held) * OWED[token])


def test_a_gain_of_a_perpetual_is_weighed_twice_and_a_loss_only_as_a_debt() -> None:
    assert health(scene_of({}, (-1, 100, 0, 0))) == pytest.approx(0.8 * 0.95 * 40)
    assert health(scene_of({}, (1, -100, 0, 0))) == pytest.approx(1.2 * -60)


def test_a_gain_of_a_perpetual_pays_a_debt_of_its_token_before_any_weight() -> None:
    assert health(scene_of({"A": -100}, (1, 100, 0, 0))) == pytest.approx(0.8 * 33.0)


def test_reserves_that_cross_zero_pay_the_debt_first() -> None:
    # Both markets can only become A: of 17 possible coins 14 are owed.
    scene = scene_of({"A": -14, "B": -10, "C": -10}, markets=((1, 0, None), (1, 0, None)))
    two = expected({"A": -14, "B": -10, "C": -10}, (0, 0, 0, 0), ((1, 0, None), (1, 0, None)))
    assert health(scene) == pytest.approx(two)


@settings(max_examples=40)
@given(
    balances=st.fixed_dictionaries({token: st.integers(-120, 120) for token in PRICE}),
    perp=st.tuples(
        st.integers(-12, 12), st.integers(-300, 300), st.integers(0, 12), st.integers(0, 12)
    ),
    markets=st.tuples(
        *[
            st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from([None, 1, 4, 8, 16]))
            for _ in PAIRS
        ]
    ),
)
def test_health_agrees_with_a_second_computation(
    balances: dict[str, int], perp: tuple[int, int, int, int], markets: tuple[Market, ...]
) -> None:
    found = health(scene_of(balances, perp, markets))
    assert found == pytest.approx(expected(balances, perp, markets), abs=1e-5)


@settings(max_examples=15)
@given(
    balances=st.fixed_dictionaries({token: st.integers(-120, 120) for token in PRICE}),
    perp=st.tuples(
        st.integers(-12, 12), st.integers(-300, 300), st.integers(0, 12), st.integers(0, 12)
    ),
)
def test_parts_of_positions_and_balances_add_up_to_each_side(
    balances: dict[str, int], perp: tuple[int, int, int, int]
) -> None:
    markets: tuple[Market, ...] = ((3, 2, None),)
    found = assessed(scene_of(balances, perp, markets), "mango-v4", OVERRIDES)
    for tree in found.answers["initial"]:
        parts = tree.outcome.parts
        assert parts is not None
        added = parts.positions.sum() + parts.balances.sum()
        assert added == pytest.approx(float(tree.outcome.amount[0]), abs=4)


def test_a_slow_price_of_a_perpetual_cuts_what_is_held_and_lifts_what_is_owed() -> None:
    found = {}
    for lots in (1, -1):
        scene = scene_of({}, (lots, 0, 0, 0))
        row = scene.positions[0].row
        scene.figure("slow_mark", row, 4.0 if lots > 0 else 6.0)
        found[lots] = health(scene)
    assert found[1] == pytest.approx(0.8 * 0.95 * 0.8 * 40)
    assert found[-1] == pytest.approx(1.2 * -1.2 * 60)


def test_a_token_without_a_price_has_no_health() -> None:
    scene = scene_of({"A": 1})
    scene.asset("D")
    scene.balance("D", 1)
    assert health(scene) != health(scene)
