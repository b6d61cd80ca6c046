"""The pool's health factor: published numbers, and a second computation by trying every choice of
collateral that the pool allows.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from tests.rulebook.recipes.venue_book import Assessed, assessed

PRICES = {
    "WETH": 2_500.0,
    "WBTC": 60_000.0,
    "USDC": 1.0,
    "USDT": 0.999,
    "DAI": 1.001,
    "AAVE": 100.0,
}


def pool(
    supplied: dict[str, Any],
    owed: dict[str, Any],
    *,
    category: int = 0,
    overrides: dict[str, Any] | None = None,
    prices: dict[str, float] | None = None,
) -> Assessed:
    return assessed(
        "aave-v3",
        "aave",
        index={"USD": 1.0, **PRICES, **(prices or {})},
        balances=supplied,
        loans=owed,
        settings={"category": str(category)},
        overrides=overrides,
    )


def health(found: Assessed) -> float:
    return found.equity() / found.requirement()


def may_borrow(found: Assessed) -> float:
    return found.equity("initial") - found.requirement("initial")


def test_ten_thousand_at_eighty_per_cent_against_six_thousand_is_1_333() -> None:
    # https://aave.com/help/borrowing/liquidations
    found = pool(
        {"WETH": 4},
        {"GHO": 6_000},
        overrides={"liquidation_threshold": {"WETH": 0.8}},
        prices={"GHO": 1.0},
    )
    assert health(found) == pytest.approx(1.333, abs=5e-4)
    assert found.standing == "healthy"


def test_an_account_is_liquidated_below_a_health_factor_of_1_and_not_at_it() -> None:
    assert pool({"WETH": 1}, {"USDC": 2_062.5}).standing != "liquidating"
    assert pool({"WETH": 1}, {"USDC": 2_062.51}).standing == "liquidating"


def test_borrowing_stops_at_the_loan_to_value_before_the_threshold() -> None:
    found = pool({"WETH": 1}, {"USDC": 1_500})
    assert may_borrow(found) == pytest.approx(2_500 * 0.8 - 1_500)
    assert found.equity() == pytest.approx(2_500 * 0.825)


def test_a_supply_of_the_same_asset_does_not_pay_a_debt() -> None:
    found = pool({"USDC": 1_000}, {"USDC": 700})
    assert found.requirement() == pytest.approx(700)
    assert found.equity() == pytest.approx(850)


def test_a_category_has_its_own_weights_while_every_debt_is_inside() -> None:
    inside = pool({"USDC": 1_000, "WETH": 1}, {"DAI": 100}, category=1)
    assert inside.equity("initial") == pytest.approx(0.97 * 1_000 + 0.8 * 2_500)
    assert inside.equity() == pytest.approx(0.975 * 1_000 + 0.825 * 2_500)
    outside = pool({"USDC": 1_000, "WETH": 1}, {"DAI": 100, "WBTC": 0.001}, category=1)
    assert outside.equity() == pytest.approx(0.85 * 1_000 + 0.825 * 2_500)


def test_outside_an_isolated_category_supplies_keep_the_account_alive_and_open_nothing() -> None:
    words = {"category_outside": [0.0]}
    found = pool({"USDC": 1_000, "WETH": 1}, {"DAI": 100}, category=1, overrides=words)
    assert found.equity("initial") == pytest.approx(970)
    assert found.equity() == pytest.approx(975 + 0.825 * 2_500)


def test_a_category_with_a_price_source_prices_its_assets_by_it() -> None:
    words = {"category_priced": [1.0], "category_price": {"USDC": 1.0, "DAI": 1.0}}
    peg = pool({"USDC": 1_000}, {"DAI": 900}, category=1, overrides=words, prices={"USDC": 0.9})
    assert peg.equity() == pytest.approx(975)
    assert peg.requirement() == pytest.approx(900)
    market = pool({"USDC": 1_000}, {"DAI": 900}, category=1, prices={"USDC": 0.9})
    assert market.equity() == pytest.approx(0.9 * 975)
    assert market.requirement() == pytest.approx(900.9)


def test_a_number_that_no_category_has_is_refused_and_named() -> None:
    with pytest.raises(InputRefused, match=r"params\.category"):
        pool({"USDC": 1}, {}, category=2)


def test_an_isolated_collateral_counts_alone_and_where_nothing_is_said_the_least_counts() -> None:
    assert pool({"USDT": 1_000}, {"USDC": 100}).equity() == pytest.approx(0.8 * 999)
    beside = pool({"USDT": 1_000, "WETH": 1}, {"USDC": 100})
    assert beside.equity() == pytest.approx(0.8 * 999)
    # A debt that no isolated collateral may carry shows that the ether is the collateral.
    shown = pool({"USDT": 1_000, "WETH": 1}, {"WBTC": 0.01})
    assert shown.equity() == pytest.approx(0.825 * 2_500)


def test_against_an_isolated_collateral_the_debts_of_all_stay_under_a_ceiling() -> None:
    words = {"isolated_debt": {"USDT": 5e6 - 250}}
    found = pool({"USDT": 1_000}, {"USDC": 100}, overrides=words)
    assert may_borrow(found) == pytest.approx(250)
    full = pool({"USDT": 1_000}, {"USDC": 100}, overrides={"isolated_debt": {"USDT": 6e6}})
    assert may_borrow(full) == 0.0
    unknown = pool({"USDT": 1_000}, {"USDC": 100})
    assert np.isnan(may_borrow(unknown))
    assert unknown.requirement() == pytest.approx(100)


def test_a_siloed_asset_is_borrowed_alone() -> None:
    words = {"siloed": {"WBTC": 1.0}, "borrow_cap": {"WBTC": 100}, "borrowed": {"WBTC": 99.999}}
    alone = pool({"WETH": 1}, {"WBTC": 0.001}, overrides=words)
    assert may_borrow(alone) == pytest.approx(60)
    others = pool({"WETH": 1}, {"USDC": 100}, overrides=words)
    assert may_borrow(others) == pytest.approx(2_000 - 100)


def test_a_cap_leaves_what_it_leaves_and_never_calls_a_debt_that_is_there() -> None:
    assets = {"DAI": 1.0}
    words = {"borrowable": assets, "borrow_cap": {"DAI": 1e6}, "borrowed": {"DAI": 1e6 - 40}}
    assert may_borrow(pool({"WETH": 1}, {"DAI": 10}, overrides=words)) == pytest.approx(40 * 1.001)
    words["borrowed"] = {"DAI": 2e6}
    over = pool({"WETH": 1}, {"DAI": 10}, overrides=words)
    assert may_borrow(over) == 0.0
    assert over.standing == "healthy"


def test_an_account_with_a_derivative_has_no_figure() -> None:
    found = assessed(
        "aave-v3",
        "aave",
        index={"USD": 1.0, "BTC": 60_000, "USDC": 1.0},
        listings={"BTC/USDC:USDC": {"mark": 60_000, "contract_size": 1}},
        positions={"BTC/USDC:USDC": 1},
        balances={"USDC": 1_000},
    )
    assert np.isnan(found.requirement())


@final
@dataclass(frozen=True)
class Terms:
    """The market's terms as plain tables."""

    weight: dict[str, Fraction]
    inside: Fraction
    members: frozenset[str]
    isolated: frozenset[str]
    listed: frozenset[str]


def second(
    terms: Terms, supplied: dict[str, int], owed: dict[str, int], category: int
) -> tuple[Fraction, Fraction]:
    """Equity and debt, by trying every set of collateral that the pool lets an account enable."""
    price = {code: Fraction(str(value)) for code, value in PRICES.items()}
    debt = sum((price[code] * coins for code, coins in owed.items()), Fraction(0))
    active = category == 1 and all(code in terms.members for code in owed)

    def worth(code: str) -> Fraction:
        weight = terms.inside if active and code in terms.members else terms.weight[code]
        return weight * price[code] * supplied[code]

    used = [code for code in supplied if worth(code) > 0]
    plain = [code for code in used if code not in terms.isolated]
    choices = [plain] if plain else []
    may = all(code in terms.listed for code in owed)
    choices += [[code] for code in used if code in terms.isolated and (may or not plain)]
    return min((sum(map(worth, each), Fraction(0)) for each in choices), default=Fraction(0)), debt


CODES = sorted(PRICES)
COINS = {"WETH": 20, "WBTC": 3, "USDC": 90_000, "USDT": 90_000, "DAI": 90_000, "AAVE": 900}
holdings = st.fixed_dictionaries({}, optional={code: st.integers(1, COINS[code]) for code in CODES})
share = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


@settings(max_examples=40)
@given(
    supplied=holdings,
    owed=holdings,
    category=st.integers(0, 1),
    weight=st.fixed_dictionaries(dict.fromkeys(CODES, share)),
    inside=share,
    isolated=st.frozensets(st.sampled_from(CODES)),
    listed=st.frozensets(st.sampled_from(CODES)),
    members=st.frozensets(st.sampled_from(CODES)),
)
def test_equity_and_debt_are_those_of_trying_every_choice_of_collateral(
    supplied: dict[str, int],
    owed: dict[str, int],
    category: int,
    weight: dict[str, float],
    inside: float,
    isolated: frozenset[str],
    listed: frozenset[str],
    members: frozenset[str],
) -> None:
    tables = {
        "ltv": weight,
        "liquidation_threshold": weight,
        "category_ltv": [inside],
        "category_threshold": [inside],
        "category_collateral": {code: [1.0] for code in members},
        "category_borrowable": {code: [1.0] for code in members},
        "debt_ceiling": dict.fromkeys(isolated, 1e9),
        "isolated_debt": dict.fromkeys(isolated, 0.0),
        "isolation_borrowable": dict.fromkeys(listed, 1.0),
    }
    terms = Terms(
        weight={code: Fraction(str(value)) for code, value in weight.items()},
        inside=Fraction(str(inside)),
        members=members,
        isolated=isolated,
        listed=listed,
    )
    equity, debt = second(terms, supplied, owed, category)
    found = pool(supplied, owed, category=category, overrides=tables)
    assert found.equity() == pytest.approx(float(equity), abs=1e-4)
    assert found.requirement() == pytest.approx(float(debt), abs=1e-4)
    for level in ("initial", "maintenance"):
        assert found.requirement(level) >= 0.0
    assert may_borrow(found) <= float(equity - debt) + 1e-4


@settings(max_examples=25)
@given(supplied=holdings, owed=holdings, coins=st.integers(1, 50), code=st.sampled_from(CODES))
def test_more_debt_never_helps(
    supplied: dict[str, int], owed: dict[str, int], coins: int, code: str
) -> None:
    # Where nothing is isolated; a debt may show that an isolated supply is no collateral.
    words = {"debt_ceiling": {}}
    before = pool(supplied, owed, overrides=words)
    after = pool(supplied, {**owed, code: owed.get(code, 0) + coins}, overrides=words)
    assert after.equity() - after.requirement() < before.equity() - before.requirement()
    assert may_borrow(after) <= may_borrow(before)
