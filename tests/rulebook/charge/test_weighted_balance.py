from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.conformance.scene import Scene
from crossmargin.domain.holding import Side
from tests.rulebook.scenes import TICK, amounts, assessed
from tests.rulebook.tiny import tiny

FLAT = 'held = [{ kind = "flat", weight = "$w" }]\nowed = [{ kind = "flat", weight = "$l" }]'
PARAMS = """
[params]
w = { by = "asset", value = { SOL = 0.8, USDC = 1.0 }, low = 0, high = 1, source = "illustrative" }
l = { by = "asset", value = { SOL = 1.2, USDC = 1.0 }, low = 0, high = 9, source = "illustrative" }
"""
COIN = "T"


def weighted(rules: str, params: str, orders: str = "none", more: str = "", head: str = "") -> str:
    """A recipe of one charge on both of its sides."""

    def charge(side: str) -> str:
        return (
            f'charge = "weighted_balance"\nside = "{side}"\n'
            'price = "lower_of_index_and_twap"\ndebt_price = "higher_of_index_and_twap"\n'
            f'orders = "{orders}"\n{more}\n{rules}\n'
        )

    tables = f"{params}\n[define.credit]\n{charge('credit')}\n[define.debt]\n{charge('debt')}"
    return tiny('{ ref = "debt" }', tables, head, equity='{ ref = "credit" }')


def sol(index: float = 100.0, twap: float | None = None) -> Scene:
    scene = Scene()
    scene.asset("SOL", index=index, twap=index if twap is None else twap)
    scene.asset("USDC", index=1, twap=1)
    scene.account()
    return scene


def one_token(amount: float, rule: str, params: str, head: str = "") -> float:
    """What a token counts for, per coin at one dollar."""
    scene = Scene()
    scene.balance(scene.asset(COIN, index=1, twap=1), amount)
    rules = f"held = [{rule}]\nowed = [{rule}]"
    found = assessed(scene, weighted(rules, params, head=head))
    return amounts(found, "maintenance")[0] / amount


def test_what_is_held_counts_less_and_what_is_owed_costs_more() -> None:
    scene = sol()
    scene.balance("SOL", 10)
    scene.balance("USDC", -300)
    found = assessed(scene, weighted(FLAT, PARAMS))
    assert amounts(found, "maintenance", "equity") == [800.0]
    assert amounts(found, "maintenance", "requirement") == [300.0]


def test_a_deposit_and_a_debt_of_one_token_are_one_holding() -> None:
    scene = sol()
    scene.balance("SOL", 10)
    scene.balance("SOL", -10)
    found = assessed(scene, weighted(FLAT, PARAMS))
    assert amounts(found, "maintenance", "equity") == [0.0]
    assert amounts(found, "maintenance", "requirement") == [0.0]


def test_a_spot_position_is_coins_of_its_underlying() -> None:
    scene = sol()
    row = scene.spot("SOL", quote="USDC", mark=100)
    scene.balance("SOL", 4)
    scene.position(row, -10, entry=100)
    scene.position(row, 3, entry=100, account="other")
    found = assessed(scene, weighted(FLAT, PARAMS))
    assert amounts(found, "maintenance") == [-720.0, 240.0]
    equity, _ = found.answers["maintenance"]
    assert equity.outcome.parts is not None
    assert equity.outcome.parts.positions.tolist() == [0.0, 240.0 * 2.0**-TICK]


def test_assets_count_at_the_lower_price_and_debts_at_the_higher() -> None:
    scene = sol(index=100, twap=90)
    scene.balance("SOL", 1)
    scene.balance("SOL", -1, account="debtor")
    found = assessed(scene, weighted(FLAT, PARAMS))
    assert amounts(found, "maintenance") == [72.0, -120.0]


def test_a_token_without_a_slow_price_or_weight_has_no_figure() -> None:
    scene = Scene()
    scene.asset("SOL", index=100)
    scene.balance("SOL", 1)
    scene.balance(scene.asset("ODD", index=1, twap=1), 1, account="odd")
    assert all(
        each != each for each in amounts(assessed(scene, weighted(FLAT, PARAMS)), "maintenance")
    )


def test_the_fill_that_leaves_less_is_the_one_that_counts() -> None:
    # All asks: -2,500 SOL cost 300,000 and brought 300,000. All bids: nothing to fill.
    scene = sol()
    scene.balance("SOL", 500)
    scene.order(scene.spot("SOL", quote="USDC"), Side.SELL, 3000)
    found = assessed(scene, weighted(FLAT, PARAMS, "worst"))
    assert amounts(found, "maintenance", "equity") == [300_000.0]
    assert amounts(found, "maintenance", "requirement") == [300_000.0]


def test_an_order_without_any_balance_stands_at_its_listing() -> None:
    scene = sol()
    row = scene.spot("SOL", quote="USDC")
    scene.order(row, Side.SELL, 1)
    found = assessed(scene, weighted(FLAT, PARAMS, "worst"))
    _, requirement = found.answers["maintenance"]
    assert requirement.outcome.parts is not None
    assert requirement.outcome.parts.positions.tolist() == [120.0 * 2.0**-TICK]


@settings(max_examples=25)
@given(
    held=st.integers(-50, 50),
    bids=st.lists(st.integers(1, 40), max_size=3),
    asks=st.lists(st.integers(1, 40), max_size=3),
)
def test_fills_agree_with_both_fills_worked_out_one_by_one(
    held: int, bids: list[int], asks: list[int]
) -> None:
    scene = sol()
    scene.balance("SOL", held)
    row = scene.spot("SOL", quote="USDC")
    for side, orders in ((Side.BUY, bids), (Side.SELL, asks)):
        for size in orders:
            scene.order(row, side, size)

    def left(filled: int) -> float:
        coins = held + filled
        return coins * 100 * (0.8 if coins > 0 else 1.2) - filled * 100

    (found,) = amounts(assessed(scene, weighted(FLAT, PARAMS, "worst")), "maintenance")
    assert found == pytest.approx(min(left(sum(bids)), left(-sum(asks))), abs=1e-6)


ROOT = """{ kind = "size_root", weight = "$w", factor = "$f", numerator = 1.1, share = 0.8,
    root_unit = 0.00001, product_unit = 0.000001, unit = 0.0001 }""".replace("\n", " ")


def root_params(weight: float, factor: float) -> str:
    return f"""
[params]
w = {{ value = {weight}, low = 0, high = 9, source = "illustrative" }}
f = {{ value = {factor}, low = 0, high = 9, source = "illustrative" }}
"""


@settings(max_examples=30)
@given(
    units=st.integers(10**10, 10**15),
    weight=st.integers(1, 10_000),
    factor=st.integers(0, 200_000),
)
def test_size_roots_agree_with_whole_number_arithmetic(
    units: int, weight: int, factor: int
) -> None:
    amount = units / 10**9
    root = isqrt(10 * units + 1)
    asset = weight
    liability = 10_000 + weight
    if factor:
        asset = min(weight, 1_100_000 * 10_000 // (1_000_000 + root * factor // 100_000))
        base = 10_000 + weight
        liability = max(base, base - base // 5 + root * factor // 10**7)
    params = root_params(weight / 10_000, factor / 10**6)
    assert one_token(amount, ROOT, params) == pytest.approx(asset / 10_000, rel=1e-5)
    owed = root_params(liability_base(weight), factor / 10**6)
    assert one_token(-amount, ROOT, owed) == pytest.approx(liability / 10_000, rel=1e-5)


def liability_base(weight: int) -> float:
    return (10_000 + weight) / 10_000


SCALED = (
    '{ kind = "venue_scaled", weight = "$w", start = "$s", of = ["venue_total"], unit = 0.0001 }'
)
SCALED_PARAMS = """
[params]
w = { value = 0.9, low = 0, high = 9, source = "illustrative" }
s = { by = "asset", value = { T = 500000.0 }, low = 0, high = 1e12, source = "illustrative" }
"""


def scaled(total: float | None, amount: float = 1) -> list[float]:
    scene = Scene()
    scene.balance(scene.asset(COIN, index=25, twap=25), amount)
    if total is not None:
        scene.figure("venue_total", COIN, total)
    rules = f"held = [{SCALED}]\nowed = [{SCALED}]"
    text = weighted(rules, SCALED_PARAMS, head='fields = ["venue_total"]')
    return amounts(assessed(scene, text), "maintenance")


def test_a_weight_falls_with_what_the_venue_holds_and_a_debt_costs_more() -> None:
    assert scaled(20_000) == [22.5]
    assert scaled(60_000) == [7.5]
    assert scaled(60_000, -1) == [-67.5]


@pytest.mark.parametrize(("twap", "weight"), [(50.0, 0.15), (25.0, 0.3), (15.0, 0.3)])
def test_a_total_may_have_a_price_of_its_own(twap: float, weight: float) -> None:
    # Drift's unit test: 60,000 coins at 25 against a start of 500,000, at the higher of two prices.
    scene = Scene()
    scene.balance(scene.asset(COIN, index=25, twap=twap), 1)
    scene.figure("venue_total", COIN, 60_000)
    rule = SCALED.replace("unit", 'total_price = "higher_of_index_and_twap", unit')
    rules = f"held = [{rule}]\nowed = [{rule}]"
    text = weighted(rules, SCALED_PARAMS, head='fields = ["venue_total"]')
    (found,) = amounts(assessed(scene, text), "maintenance")
    assert found == pytest.approx(min(25, twap) * weight, rel=1e-8)


def test_a_total_that_is_not_known_gives_no_figure_where_it_matters() -> None:
    (found,) = scaled(None)
    assert found != found


DISCOUNT = '{ kind = "size_discount", scale = "$s", multiple = "$m", low = "$a", high = "$b" }'
DISCOUNT_PARAMS = """
[params]
s = { by = "asset", value = { T = 100.0 }, low = 0, high = 1e9, source = "illustrative" }
m = { value = 1.5, low = 0, high = 9, source = "illustrative" }
a = { value = 0.01, low = 0, high = 1, source = "illustrative" }
b = { value = 0.05, low = 0, high = 1, source = "illustrative" }
"""


@pytest.mark.parametrize(("amount", "weight"), [(0.1, 0.99), (2.0, 0.97), (8.0, 0.95)])
def test_a_size_discount_stays_between_its_ends(amount: float, weight: float) -> None:
    assert one_token(amount, DISCOUNT, DISCOUNT_PARAMS) == pytest.approx(weight, rel=1e-8)


TIERS = '{ kind = "tiers", bounds = "$bounds", rates = "$rates", unit = 1.0 }'
BOUNDS, RATES = (20_001, 40_002, 60_003), (100, 91, 82)
TIER_PARAMS = f"""
[params]
bounds = {{ value = {list(map(float, BOUNDS))}, low = 0, high = 1e9, source = "illustrative" }}
rates = {{ value = [1.0, 0.91, 0.82, 0.0], low = 0, high = 1, source = "illustrative" }}
"""


@settings(max_examples=25)
@given(value=st.integers(1, 100_000))
def test_slices_are_floored_one_by_one_and_nothing_counts_above_the_last(value: int) -> None:
    credit, below = 0, 0
    for bound, rate in zip(BOUNDS, RATES, strict=True):
        credit += max(0, min(value, bound) - below) * rate // 100
        below = bound
    assert round(one_token(value, TIERS, TIER_PARAMS) * value, 6) == credit


OWN = """held = [{ kind = "flat", weight = "$w" }, { kind = "own_ratio", ratio = "$r" }]
owed = [{ kind = "flat", weight = "$l" }, { kind = "own_ratio", ratio = "$r" }]"""
OWN_PARAMS = f"""{PARAMS}
[params.r]
by = "account"
value = {{ careful = 0.5 }}
otherwise = 0.0
low = 0
high = 1
source = "illustrative"
"""


def test_the_users_own_ratio_only_makes_it_stricter_and_only_for_that_user() -> None:
    scene = sol()
    for name in ("account", "careful"):
        scene.balance("SOL", 1, account=name)
        scene.balance("USDC", -1, account=name)
    found = assessed(scene, weighted(OWN, OWN_PARAMS))
    assert amounts(found, "maintenance", "equity") == [80.0, 50.0]
    assert amounts(found, "maintenance", "requirement") == [1.0, 1.5]


def test_a_rule_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputRefused, match="is no weight rule; there are flat, venue_scaled"):
        assessed(sol(), weighted('held = [{ kind = "heavy" }]\nowed = []', PARAMS))


def test_a_weighted_balance_cannot_be_divided_below_the_account() -> None:
    text = weighted(FLAT, PARAMS).replace(
        'equity = { ref = "credit" }', 'equity = { per = "settle", part = { ref = "credit" } }'
    )
    scene = sol()
    scene.balance("SOL", 1)
    with pytest.raises(ValueError, match="cannot be divided by settle"):
        assessed(scene, text)
