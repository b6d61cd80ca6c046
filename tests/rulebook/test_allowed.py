import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.api import Prepared
from crossmargin.domain.account import Authority
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.holding import Side
from crossmargin.rulebook.after_move import after_move, with_cash
from crossmargin.rulebook.allowed import CheckTerms, Verdict, allowed
from crossmargin.rulebook.exposure_limit import ExposureLimit, LimitScope, breaches
from crossmargin.rulebook.move import FillMove, Move, OrderMove, TransferMove, WithdrawalMove
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.withdrawable import ClosingTerms, closing_cost, paper_value
from tests.rulebook.books import PERPETUALS, account, book, prepared, recipe_named

PERPETUAL = "deribit:BTC/USD:BTC"
FUTURE = "deribit:BTC/USD:BTC-261225"
CALL = "deribit:BTC/USD:BTC-261225-60000-C"
PUT = "deribit:BTC/USD:BTC-261225-60000-P"
CLOSING = ClosingTerms(coefficient=1.0, power=0.5, participation=0.1, unknown_frac=0.05)
TERMS = CheckTerms(level="initial", closing=CLOSING)
GRID = """
name = "grid-only"
title = "A grid a risk unit"
valid_from = 2026-01-01
source = "illustrative"
reporting = "USD"
tick_exponent = -14
rounding_unit = "0.01"
base_value = "mark"
conversion = "shocked"

[scenarios.grid]
kind = "grid"
price_edge = 0.16
price_move = [-1.0, -0.5, 0.0, 0.5, 1.0]
vol = ["same"]

[define.money]
charge = "cash"
[define.profit]
charge = "unrealised"
[define.options]
charge = "mark_value"
select = { kind = "option" }
[define.equity]
op = "sum"
parts = [{ ref = "money" }, { ref = "profit" }, { ref = "options" }]
[define.scan]
per = "risk_unit"
[define.scan.part]
charge = "scan_loss"
scenarios = "grid"
groups = [{}, { select = { kind = "balance" } }]

[level.initial]
equity = { ref = "equity" }
requirement = { ref = "scan" }
[level.maintenance]
equity = { ref = "equity" }
requirement = { op = "scale", part = { ref = "scan" }, factor = 0.8 }
"""


@cache
def grid() -> Recipe:
    return recipe_named(GRID)


def ready(*accounts: dict[str, Any]) -> Prepared:
    """The accounts, with somebody beside them who holds every listing used here."""
    symbols = [name.split(":", 1)[1] for name in (PERPETUAL, FUTURE, CALL, PUT)]
    crowd = account("crowd", positions=dict.fromkeys(symbols, "1"), balances={"BTC": "100"})
    return prepared(book(*accounts, crowd))


def ask(
    over: Prepared,
    *moves: Move,
    recipe: Recipe | None = None,
    terms: CheckTerms = TERMS,
    authority: Authority = Authority.ENFORCE,
    venue_directed: bool = False,
) -> Verdict:
    return allowed(
        recipe or grid(),
        over.priced,
        over.columns,
        "a",
        moves,
        terms,
        authority,
        venue_directed=venue_directed,
    )


def order(listing: str, side: str, contracts: object, price: object) -> OrderMove:
    return OrderMove(
        account_id="a",
        listing_id=listing,
        side=Side(side),
        contracts=Decimal(str(contracts)),
        limit_price=Decimal(str(price)),
    )


def take(coins: object, asset: str = "USDC") -> WithdrawalMove:
    return WithdrawalMove(account_id="a", asset=asset, coins=Decimal(str(coins)))


def long_perpetual(usdc: str, contracts: str = "60000") -> Prepared:
    return ready(account("a", positions={"BTC/USD:BTC": contracts}, balances={"USDC": usdc}))


def initial_of(over: Prepared) -> float:
    found = assess_pockets(grid(), over.columns, over.priced).summary
    return float(found.levels["initial"].requirement[0]) * 2.0**found.tick_exponent


def test_money_may_leave_down_to_the_initial_requirement() -> None:
    over = long_perpetual("50000")
    needed = initial_of(over)
    assert 9_000 < needed < 12_000
    free = Decimal(f"{50_000 - needed - 1:.2f}")
    assert ask(over, take(free)).allowed
    refused = ask(over, take(free + 2))
    assert (refused.allowed, refused.limit, refused.enforced) == (False, "initial_buffer", True)
    assert refused.buffer_after is not None
    assert refused.buffer_after < 0


def test_an_advised_account_is_told_and_not_stopped() -> None:
    refused = ask(long_perpetual("9000"), take(1), authority=Authority.ADVISE)
    assert (refused.allowed, refused.enforced) == (False, False)


def test_the_cost_of_closing_counts_where_it_is_larger_than_initial_margin() -> None:
    over = long_perpetual("50000")
    thin = replace(over.priced.market, adv=np.full_like(over.priced.market.adv, 1e6))
    over = replace(over, priced=replace(over.priced, market=thin, sensitivities={}))
    cost = float(closing_cost(over.columns, over.priced, CLOSING)[0])
    # 0.01 % + sqrt(0.06 days of volume) x 0.5 / sqrt(365) x sqrt(0.6 days to close it)
    frac = 0.0001 + math.sqrt(0.06) * 0.5 / math.sqrt(365.0) * math.sqrt(0.6)
    assert cost == pytest.approx(60_000 * frac, rel=1e-3)
    over = replace(over, priced=replace(over.priced, market=replace(thin, adv=thin.adv / 100.0)))
    left = initial_of(over) + 500
    refused = ask(over, take(f"{50_000 - left:.2f}"))
    assert (refused.allowed, refused.limit) == (False, "liquidation_cost")


def test_closing_in_an_asset_without_volume_costs_what_the_terms_say() -> None:
    over = long_perpetual("50000")
    dark = replace(over.priced.market, adv=np.full_like(over.priced.market.adv, np.nan))
    over = replace(over, priced=replace(over.priced, market=dark, sensitivities={}))
    cost = float(closing_cost(over.columns, over.priced, replace(CLOSING, unknown_frac=0.3))[0])
    assert cost == pytest.approx(0.3 * 60_000, rel=1e-6)


def test_profit_that_nobody_has_paid_does_not_leave() -> None:
    symbol = "BTC/USDT:USDT"
    rows = {symbol: {"contracts": "100", "entry_price": "30010"}}
    over = prepared(book(account("a", venue="okx", positions=rows, balances={"USDT": "20000"})))
    profit = float(paper_value(over.columns, over.priced, 1.0)[0])
    size = float(over.priced.universe.contract_size[0])
    assert profit == pytest.approx(100 * size * (PERPETUALS["okx:" + symbol] - 30_010))
    refused = ask(over, take(15_000, "USDT"))
    assert (refused.allowed, refused.limit) == (False, "paper_profit")
    assert ask(over, take(15_000, "USDT"), terms=replace(TERMS, paper_withdrawable=True)).allowed


def test_profit_covers_loss_of_its_own_settlement_asset_up_to_the_share() -> None:
    rows = {
        "BTC/USD:BTC": {"contracts": "60000", "entry_price": "50000"},
        "BTC/USD:BTC-261225": {"contracts": "60000", "entry_price": "65000"},
        "BTC/USD:BTC-261225-60000-C": "0.5",
    }
    over = prepared(book(account("a", positions=rows, balances={"BTC": "5"})))
    universe, columns = over.priced.universe, over.columns
    size = {
        name: float(universe.contract_size[universe.listing_ids.index(name)])
        for name in (PERPETUAL, FUTURE)
    }
    gain = 60_000 * size[PERPETUAL] * (1 / 50_000 - 1 / 60_000)
    loss = 60_000 * size[FUTURE] * (1 / 61_000 - 1 / 65_000)
    premium = 0.5 * float(over.priced.market.mark[universe.listing_ids.index(CALL)])
    for share in (0.0, 0.5, 1.0):
        expected = (gain - min(share * gain, loss) + premium) * 60_000
        assert float(paper_value(columns, over.priced, share)[0]) == pytest.approx(expected)


def test_an_order_is_held_against_the_worst_of_what_may_fill() -> None:
    over = long_perpetual("15000", "0.0")
    assert ask(over, order(PERPETUAL, "buy", 60_000, 60_000)).allowed
    twice = ask(
        over,
        order(PERPETUAL, "buy", 60_000, 60_000),
        order(FUTURE, "sell", 60_000, 61_000),
    )
    assert twice.allowed
    both = ask(
        over,
        order(PERPETUAL, "buy", 60_000, 60_000),
        order(FUTURE, "buy", 60_000, 61_000),
    )
    assert (both.allowed, both.limit, both.case) == (False, "initial_buffer", "all filled")


def test_an_open_order_reserves_what_it_may_need() -> None:
    over = long_perpetual("15000", "0.0")
    resting = after_move(over.columns, [order(PERPETUAL, "buy", 60_000, 60_000)])
    refused = ask(replace(over, columns=resting), take(9_000))
    assert (refused.allowed, refused.limit) == (False, "initial_buffer")
    assert ask(over, take(9_000)).allowed


def test_below_initial_margin_a_reduction_is_open_and_more_risk_is_not() -> None:
    over = long_perpetual("9000")
    less = ask(over, order(PERPETUAL, "sell", 20_000, 60_000))
    assert (less.allowed, less.reduces) == (True, True)
    assert not ask(over, order(PERPETUAL, "buy", 10, 60_000)).allowed
    assert not ask(over, order(PERPETUAL, "sell", 130_000, 60_000)).allowed
    assert not ask(over, take(1)).allowed


def test_below_initial_margin_a_sale_below_the_mark_is_no_reduction_when_it_costs_more() -> None:
    over = long_perpetual("9000")
    assert not ask(over, order(PERPETUAL, "sell", 20_000, 45_000)).allowed


def test_two_reductions_that_together_turn_the_position_are_not_both_open() -> None:
    over = long_perpetual("9000")
    resting = after_move(over.columns, [order(PERPETUAL, "sell", 50_000, 60_000)])
    over = replace(over, columns=resting)
    assert ask(over, order(PERPETUAL, "sell", 10_000, 60_000)).allowed
    assert not ask(over, order(PERPETUAL, "sell", 50_000, 60_000)).allowed


def test_many_quotes_at_once_are_one_check() -> None:
    over = long_perpetual("9000")
    asks = [order(PERPETUAL, "sell", 100, 60_000 + step) for step in range(60)]
    assert ask(over, *asks).reduces
    bids = [order(PERPETUAL, "buy", 100, 60_000 - step) for step in range(60)]
    assert not ask(over, *asks, *bids).allowed


def hedged() -> Prepared:
    rows = {"BTC/USD:BTC": "60000", "BTC/USD:BTC-261225-60000-P": "1"}
    return ready(account("a", positions=rows, balances={"USDC": "-6000"}))


def test_selling_a_hedge_is_not_a_reduction_though_the_book_becomes_smaller() -> None:
    over = hedged()
    refused = ask(over, order(PUT, "sell", "1", "0.1"))
    assert (refused.allowed, refused.reduces) == (False, False)


def test_selling_a_hedge_is_refused_even_where_the_rulebook_frees_margin_for_it() -> None:
    recipe = recipe_named("cross-tiered")
    rows = {"BTC/USD:BTC": "600000", "BTC/USD:BTC-261225": "-600000"}
    over = ready(account("a", positions=rows, balances={"BTC": "0.05"}))
    closing = order(FUTURE, "buy", 60_000, 61_000)
    filled = FillMove(
        account_id="a", listing_id=FUTURE, contracts=Decimal(60_000), price=Decimal(61_000)
    )
    after = after_move(over.columns, [filled])
    before, now = (
        float(assess_pockets(recipe, columns, over.priced).lowest_buffer[0])
        for columns in (over.columns, after)
    )
    assert before < 0.0 < now - before
    refused = ask(over, closing, recipe=recipe)
    assert (refused.allowed, refused.limit) == (False, "initial_buffer")


def test_what_the_venue_directs_may_happen_below_initial_margin() -> None:
    over = hedged()
    directed = ask(over, order(PUT, "sell", "1", "0.1"), venue_directed=True)
    assert (directed.allowed, directed.reduces) == (True, False)
    rich = long_perpetual("9000")
    assert not ask(rich, take(1), venue_directed=True).allowed


def test_a_figure_that_is_unavailable_refuses() -> None:
    over = long_perpetual("50000")
    index = over.priced.market.index.copy()
    index[over.priced.universe.assets.index("USDC")] = np.nan
    market = replace(over.priced.market, index=index)
    over = replace(over, priced=replace(over.priced, market=market))
    refused = ask(over, take(1))
    assert (refused.allowed, refused.limit) == (False, "unavailable")
    assert refused.buffer_after is None


@pytest.mark.parametrize(
    ("scope", "of"),
    [
        (LimitScope.POSITION, "a/BTC"),
        (LimitScope.ACCOUNT, "a"),
        (LimitScope.ENTITY, "desk"),
        (LimitScope.UNDERLYING, "BTC"),
    ],
)
def test_an_order_that_breaks_a_limit_is_refused_with_its_name(scope: LimitScope, of: str) -> None:
    over = long_perpetual("900000")
    own = scope in (LimitScope.POSITION, LimitScope.ACCOUNT)
    held = 60_000.0 if own else 800_000.0
    limit = ExposureLimit(name="no more of it", scope=scope, of=of, most=held + 50_000)
    terms = replace(TERMS, limits=(limit,))
    assert ask(over, order(PERPETUAL, "buy", 10, 60_000), terms=terms).allowed
    refused = ask(over, order(PERPETUAL, "buy", 1_000_000, 60_000), terms=terms)
    assert (refused.allowed, refused.limit) == (False, "no more of it")
    assert "no more of it" in refused.message
    assert refused.breaches[0].of == of


def test_what_goes_down_breaks_no_limit() -> None:
    over = long_perpetual("900000")
    limit = ExposureLimit(name="small", scope=LimitScope.ACCOUNT, of="a", most=10_000.0)
    terms = replace(TERMS, limits=(limit,))
    assert ask(over, order(PERPETUAL, "sell", 10_000, 60_000), terms=terms).allowed
    assert ask(over, order(PERPETUAL, "buy", 10, 60_000), terms=terms).limit == "small"


def two_places() -> Prepared:
    return prepared(
        book(
            account("a", held=[{"asset": "USDC", "amount": "1000", "bridge": "wormhole"}]),
            account("b", venue="okx", held=[{"asset": "USDC", "amount": "1"}]),
        )
    )


def test_a_transfer_that_brings_too_much_to_one_venue_is_refused() -> None:
    limit = ExposureLimit(name="cap", scope=LimitScope.VENUE, of="okx", most=500.0)
    terms = replace(TERMS, limits=(limit,))

    def moved(coins: int) -> Verdict:
        move = TransferMove(account_id="a", to_account_id="b", asset="USDC", coins=Decimal(coins))
        return ask(two_places(), move, terms=terms)

    assert moved(499).allowed
    refused = moved(500)
    assert (refused.allowed, refused.limit) == (False, "cap")
    assert (refused.breaches[0].before, refused.breaches[0].after) == (1.0, 501.0)


@pytest.mark.parametrize(
    ("scope", "of"), [(LimitScope.ISSUER, "Circle"), (LimitScope.BRIDGE, "wormhole")]
)
def test_more_of_one_issuer_or_over_one_bridge_breaks_its_limit(scope: LimitScope, of: str) -> None:
    over = two_places()
    usdc = over.columns.universe.assets.index("USDC")
    more = with_cash(over.columns, 0, usdc, Decimal(500))
    less = with_cash(over.columns, 0, usdc, Decimal(-500))
    limit = ExposureLimit(name="cap", scope=scope, of=of, most=100.0)
    (breach,) = breaches([limit], over.columns, more, over.priced)
    assert breach.after - breach.before == 500.0
    assert "cap" in str(breach)
    assert breaches([limit], over.columns, less, over.priced) == ()
    elsewhere = replace(limit, of="nobody")
    assert breaches([elsewhere], over.columns, more, over.priced) == ()


def test_a_short_exposure_counts_like_a_long_one_and_a_debt_not_at_all() -> None:
    rows = {"BTC/USD:BTC": "-60000"}
    held = [{"asset": "USDC", "amount": "100"}, {"asset": "USDT", "amount": "-90"}]
    over = prepared(book(account("a", positions=rows, held=held)))
    sold = FillMove(
        account_id="a", listing_id=PERPETUAL, contracts=Decimal(-60_000), price=Decimal(60_000)
    )
    after = after_move(over.columns, [sold])
    limit = ExposureLimit(name="cap", scope=LimitScope.UNDERLYING, of="BTC", most=90_000.0)
    (breach,) = breaches([limit], over.columns, after, over.priced)
    assert (breach.before, breach.after) == pytest.approx((60_000.0, 120_000.0))
    more = with_cash(over.columns, 0, over.columns.universe.assets.index("USDC"), Decimal(1))
    venue = ExposureLimit(name="cap", scope=LimitScope.VENUE, of="deribit", most=50.0)
    (breach,) = breaches([venue], over.columns, more, over.priced)
    assert breach.after == pytest.approx(101.0)


def test_an_exposure_that_nobody_knows_breaks_every_limit_on_it() -> None:
    over = long_perpetual("1000")
    mark = np.full_like(over.priced.market.mark, np.nan)
    priced = replace(over.priced, market=replace(over.priced.market, mark=mark), sensitivities={})
    bought = FillMove(
        account_id="a", listing_id=PERPETUAL, contracts=Decimal(1), price=Decimal(60_000)
    )
    after = after_move(over.columns, [bought])
    limit = ExposureLimit(name="cap", scope=LimitScope.ACCOUNT, of="a", most=1e12)
    assert [x.limit for x in breaches([limit], over.columns, after, priced)] == ["cap"]


listings = st.sampled_from([(PERPETUAL, 60_000), (FUTURE, 61_000)])
acts = st.one_of(
    st.tuples(st.just("take"), st.integers(1, 20_000)),
    st.tuples(st.just("buy"), st.integers(1, 20), listings),
    st.tuples(st.just("sell"), st.integers(1, 20), listings),
)


def enacted(over: BookColumns, act: Sequence[Any]) -> tuple[list[Move], list[Move]]:
    """What is asked for, and what it becomes once the order has filled."""
    if act[0] == "take":
        return [take(act[1])], [take(act[1])]
    listing, price = act[2]
    contracts = Decimal(act[1] * 6_000)
    signed = contracts if act[0] == "buy" else -contracts
    filled = FillMove(account_id="a", listing_id=listing, contracts=signed, price=Decimal(price))
    return [order(listing, act[0], contracts, price)], [filled]


@settings(max_examples=12)
@given(st.lists(acts, min_size=1, max_size=8))
def test_no_sequence_of_allowed_acts_reaches_below_maintenance_without_a_price(
    sequence: list[Sequence[Any]],
) -> None:
    over = long_perpetual("40000", "0.0")
    for act in sequence:
        free = over.columns.balances.amount[over.columns.balances.account == 0].sum()
        if act[0] == "take" and act[1] > free:
            continue
        asked, becomes = enacted(over.columns, act)
        if ask(over, *asked).allowed:
            over = replace(over, columns=after_move(over.columns, becomes))
    found = assess_pockets(grid(), over.columns, over.priced).summary
    assert found.levels["maintenance"].buffer[0] >= 0.0


def test_the_house_model_gives_a_verdict_too() -> None:
    house = recipe_named("house")
    over = long_perpetual("40000")
    assert ask(over, order(PERPETUAL, "sell", 1_000, 60_000), recipe=house).allowed
    assert ask(over, take(35_000), recipe=house).limit == "initial_buffer"


def test_a_rulebook_of_pockets_is_held_against_the_poorest_pocket() -> None:
    recipe = recipe_named("deribit-standard")
    rows = {"BTC/USD:BTC": "600000"}
    over = ready(account("a", positions=rows, balances={"BTC": "1", "USDC": "1000000"}))
    refused = ask(over, take("0.99", "BTC"), recipe=recipe)
    assert (refused.allowed, refused.limit) == (False, "initial_buffer")
    assert ask(over, take(900_000), recipe=recipe).allowed
