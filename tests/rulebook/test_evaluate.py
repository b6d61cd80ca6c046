"""The nodes of a recipe on worked numbers: two coins at 60,000, ten short at 3,000."""

from decimal import Decimal

import pytest

from crossmargin.rulebook.statement_types import AccountFigures
from tests.rulebook.books import OPTIONS, account, book, figures, level
from tests.rulebook.tiny import GROSS, tiny
from tests.rulebook.trees import check_parts, node, parts

D = Decimal
BTC = "bybit:BTC/USDT:USDT"
ETH = "bybit:ETH/USDT:USDT"

PERPETUALS = book(
    account(
        "a",
        "bybit",
        {
            "BTC/USDT:USDT": {"contracts": "2", "entry_price": "59000"},
            "ETH/USDT:USDT": {"contracts": "-10", "entry_price": "2900"},
        },
        {"USDT": 50_000},
    )
)
"""Notional 120,000 and -30,000; unrealised +2,000 and -1,000."""

TEN = """
[define.ten]
charge = "exposure"
amount = "gross"
of = "notional"
by = "listing"
rate = 0.1
"""
NET = """
[define.net]
charge = "exposure"
amount = "abs_net"
of = "notional"
by = "account"
rate = 0.2
"""
EXPOSURES = TEN + NET
PROFIT = '{ charge = "unrealised" }'


def answer(requirement: str, tables: str = "", head: str = "", **more: str) -> AccountFigures:
    (found,) = figures(tiny(requirement, tables, head, **more), PERPETUALS)
    check_parts(found)
    return found


def required(requirement: str, tables: str = "", head: str = "") -> Decimal:
    found = level(answer(requirement, tables, head)).requirement
    assert found is not None
    return found


BOTH = "parts = [{ ref = 'ten' }, { ref = 'net' }]"


@pytest.mark.parametrize(
    ("requirement", "amount"),
    [
        (GROSS, 15_000),
        (GROSS.replace("gross", "abs_net").replace("listing", "account"), 9_000),
        (GROSS.replace("gross", "long"), 12_000),
        (GROSS.replace("gross", "short"), 3_000),
        (GROSS.replace("gross", "hedged").replace("listing", "account"), 3_000),
        (GROSS.replace("gross", "net_short").replace("listing", "account"), 0),
        (GROSS.replace("gross", "held").replace("0.1", "7"), 14),
        (f'{{ op = "scale", part = {GROSS}, factor = 0.5 }}', 7_500),
        (
            f'{{ op = "scale", part = {GROSS}, factor = {{ kind = "max", rates = [1, 2] }} }}',
            30_000,
        ),
        (f'{{ op = "by_sign", part = {PROFIT}, positive = 0.5, negative = 1 }}', 500),
        (
            f'{{ per = "listing", op = "by_sign", part = {PROFIT}, positive = 0.5, negative = 1 }}',
            0,
        ),
        (f'{{ op = "floor", part = {GROSS}, low = 20000 }}', 20_000),
        (f'{{ op = "floor", part = {GROSS}, low = 10000 }}', 15_000),
        (f'{{ op = "clamp", part = {GROSS}, low = 1, high = 14000 }}', 14_000),
        (f'{{ op = "round_up", part = {GROSS}, unit = 4000 }}', 16_000),
        (f'{{ op = "round_down", part = {GROSS}, unit = 4000 }}', 12_000),
        (f'{{ op = "round_up", part = {GROSS}, unit = 5000 }}', 15_000),
        (f'{{ per = "underlying", op = "round_up", part = {GROSS}, unit = 4000 }}', 16_000),
        (f'{{ per = "underlying", op = "round_up", part = {GROSS}, unit = 5000 }}', 20_000),
        (f'{{ per = "underlying", op = "clamp", part = {GROSS}, high = 5000 }}', 8_000),
    ],
)
def test_a_node_on_worked_numbers(requirement: str, amount: int) -> None:
    assert required(requirement) == amount


@pytest.mark.parametrize(("op", "amount"), [("sum", 33_000), ("max", 18_000), ("min", 15_000)])
def test_defined_nodes_are_combined_by_name(op: str, amount: int) -> None:
    assert required(f'{{ op = "{op}", {BOTH} }}', EXPOSURES) == amount


def test_a_node_may_be_referred_to_more_than_once() -> None:
    twice = "{ op = 'sum', parts = [{ ref = 'ten' }, { ref = 'net' }, { ref = 'ten' }] }"
    assert required(twice, EXPOSURES) == 48_000


def test_a_maximum_inside_each_group_is_more_than_one_around_all() -> None:
    """BTC: 12,000 by gross against 24,000 by |net|; ETH: 3,000 against 6,000."""
    tables = EXPOSURES.replace('by = "account"', 'by = "underlying"')
    assert required(f'{{ per = "underlying", op = "max", {BOTH} }}', tables) == 30_000
    capped = EXPOSURES.replace(
        "rate = 0.1",
        "rate = { kind = 'step', field = 'index', bounds = [10000], rates = [1, 0.1] }",
    ).replace("account", "underlying")
    # BTC: 12,000 against 24,000; ETH: 30,000 against 6,000.
    assert required(f'{{ op = "max", {BOTH} }}', capped) == 42_000
    assert required(f'{{ per = "underlying", op = "max", {BOTH} }}', capped) == 54_000


def test_the_winning_branch_is_marked_and_its_parts_are_the_parts() -> None:
    found = answer(f'{{ op = "max", {BOTH} }}', EXPOSURES)
    assert (node(found, "ten").winner, node(found, "net").winner) == (False, True)
    assert parts(node(found, "requirement")) == parts(node(found, "net"))
    kinder = answer(f'{{ op = "min", {BOTH} }}', EXPOSURES)
    assert (node(kinder, "ten").winner, node(kinder, "net").winner) == (True, False)


def test_of_equal_branches_the_first_wins() -> None:
    twice = f'{{ op = "max", parts = [{GROSS}, {GROSS}] }}'
    found = answer(twice)
    assert [child.winner for child in node(found, "requirement").children] == [True, False]


def test_a_hedge_has_a_negative_part() -> None:
    found = answer("{ ref = 'net' }", NET)
    assert parts(node(found, "net")) == {BTC: D(24_000), ETH: D(-6_000)}


def test_what_a_floor_adds_is_a_part_of_its_own_only_where_no_holding_explains_it() -> None:
    floored = answer(f'{{ op = "floor", part = {GROSS}, low = 20000 }}')
    assert parts(node(floored, "requirement")) == {BTC: D(16_000), ETH: D(4_000)}
    nothing = answer(
        '{ op = "floor", part = { charge = "scan_loss", scenarios = "still" }, low = 700 }',
        '[scenarios.still]\nkind = "grid"\nprice_move = [0.0]\nvol = ["same"]',
    )
    assert parts(node(nothing, "requirement")) == {"rounding": D(700)}


def test_groups_of_a_per_node_are_shown_with_their_names() -> None:
    found = answer(f'{{ per = "underlying", op = "scale", part = {GROSS}, factor = 1 }}')
    (root,) = [node(found, "requirement")]
    assert root.operation == "per underlying"
    assert {(each.group, each.amount) for each in root.children} == {
        ("BTC", D(12_000)),
        ("ETH", D(3_000)),
    }


def test_the_root_is_rounded_outward_to_the_recipes_unit() -> None:
    third = GROSS.replace("0.1", "0.00003")
    found = answer(third, head='rounding_unit = "1"', equity=f"{{ op = 'sum', parts = [{third}] }}")
    # 4.5: up where it is needed, down where it is had.
    assert (level(found).requirement, level(found).equity) == (D(5), D(4))
    plain = answer(third)
    assert level(plain).requirement == D("4.5")


def test_a_tick_that_a_shown_child_misses_is_spread_over_the_holdings() -> None:
    third = GROSS.replace("0.1", "0.0000333")
    found = answer(third, head='rounding_unit = "0.01"')
    assert level(found).requirement == D("5.00")
    assert sum(parts(node(found, "requirement")).values()) == D("5.00")


def test_rows_that_belong_to_no_group_are_charged_in_none() -> None:
    """Perpetuals have no expiry: a charge per expiry leaves them out, whoever stands beside."""
    per_expiry = f'{{ per = "expiry", part = {GROSS} }}'
    assert required(per_expiry) == 0
    option = OPTIONS[0].split(":", 1)[1]
    mixed = book(
        account(
            "a",
            positions={"BTC/USD:BTC": 60_000, option: -1, "BTC/USD:BTC-261225": -61_000},
            balances={"BTC": 1},
        )
    )
    (found,) = figures(tiny(per_expiry), mixed)
    check_parts(found)
    # A coin of option notional and one of the future at 61,000; the perpetual is not there.
    assert level(found).requirement == D(6_000 + 6_100)
    assert "deribit:BTC/USD:BTC" not in parts(node(found, "requirement"))


def test_a_field_that_a_group_does_not_have_is_nothing_without_an_amount_and_unknown_with_one() -> (
    None
):
    rate = '{ kind = "affine", base = 0, slope = 1, field = "years" }'
    yearly = GROSS.replace("0.1", rate)
    options_only = GROSS.replace("0.1", f'{rate}, select = {{ kind = "option" }}')
    assert required(options_only) == 0
    (found,) = figures(tiny(yearly), PERPETUALS)
    assert level(found).requirement is None
    assert found.reasons == (
        "maintenance requirement: requirement lacks a price, a rate or an entry of a parameter",
    )


def test_a_grouping_too_coarse_for_a_field_is_refused_and_not_averaged() -> None:
    coarse = GROSS.replace("listing", "account").replace(
        "0.1", '{ kind = "field", field = "index" }'
    )
    with pytest.raises(ValueError, match="index is not one figure per account"):
        figures(tiny(coarse), PERPETUALS)
