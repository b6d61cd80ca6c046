"""Sums by account through the kernels are those of a sum row by row."""

import gc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.cli.bench_margin import RECIPE as BENCH_RECIPE
from crossmargin.rulebook.account_sum import account_sum
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.batch import row_starts
from crossmargin.rulebook.charge.mark_value import MarkValue
from crossmargin.rulebook.context import Context, account_indptr
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.net_liquidation import net_liquidation_value, row_net_value
from crossmargin.rulebook.plain_recipe import is_plain_recipe
from crossmargin.wire.recipes import bundled_recipe
from tests.rulebook.small_book import small_context

CALL = "deribit:BTC/USD:BTC-260130-80000-C"
UNMARKED = "deribit:BTC/USD:BTC-260130-70000-P"
PERPETUAL = "deribit:BTC/USD:BTC"
LISTINGS: dict[str, dict[str, object]] = {
    CALL: {"mark": 0.0413},
    UNMARKED: {},
    PERPETUAL: {"size": "10", "mark": 85_017.5},
}
SIZES = st.sampled_from([0.0, 0.1, -0.3, 7.0, -1234.5])


def held(*accounts: dict[str, object], explain: bool = False) -> Context:
    return small_context(
        accounts={f"account-{n}": {"positions": own} for n, own in enumerate(accounts)},
        prices={"BTC": 85_000.3},
        listings=LISTINGS,
        explain=explain,
    )


@given(sizes=st.lists(st.tuples(SIZES, SIZES, SIZES), min_size=1, max_size=6))
@settings(max_examples=40)
def test_what_is_left_when_all_is_closed_is_the_sum_of_the_rows(
    sizes: list[tuple[float, float, float]],
) -> None:
    context = held(
        *(
            {CALL: option, PERPETUAL: {"contracts": more, "entry": 84_000.1, "funding": paid}}
            for option, more, paid in sizes
        )
    )
    by_row = added_up(context.positions.account, row_net_value(context), len(sizes))
    assert np.array_equal(net_liquidation_value(context), by_row)


def test_a_value_is_the_same_with_and_without_its_parts() -> None:
    own: list[dict[str, object]] = [{CALL: 0.1, PERPETUAL: 3}, {}, {CALL: -7.3}]
    alone = MarkValue().evaluate(held(*own), "account").amount
    explained = MarkValue().evaluate(held(*own, explain=True), "account").amount
    assert np.array_equal(alone, explained)
    assert alone[1] == 0.0


def test_an_account_that_holds_what_has_no_figure_is_left_to_a_sum_by_row() -> None:
    context = held({CALL: 1}, {UNMARKED: 2})
    assert account_sum(context, context.field("mark_value"), context.positions.contracts) is None
    amount = MarkValue().evaluate(context, "account").amount
    assert amount[0] > 0.0
    assert np.isnan(amount[1])


def test_a_sum_that_is_not_exact_is_left_to_who_adds_by_row() -> None:
    context = held({CALL: 1})
    value = np.full(context.run.universe.instruments_count, 1e30)
    assert account_sum(context, value, context.positions.contracts) is None


def test_equal_figures_are_added_up_once_and_nobody_can_write_to_them() -> None:
    context = held({CALL: 1})
    value = context.field("mark_value")
    found = account_sum(context, value, context.positions.contracts)
    assert found is account_sum(context, value.copy(), context.positions.contracts)
    assert found is not None
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0.0


@given(account=st.lists(st.integers(0, 7), max_size=30))
def test_rows_of_an_account_begin_where_a_search_finds_them(account: list[int]) -> None:
    rows = np.array(sorted(account), dtype=np.int64)
    expected = np.searchsorted(rows, np.arange(9))
    found = account_indptr(rows, 8)
    assert found is not None
    assert np.array_equal(found, expected)


def test_rows_out_of_order_or_of_unknown_accounts_have_no_beginnings() -> None:
    assert account_indptr(np.array([0, 1, 0]), 2) is None
    assert account_indptr(np.array([0, 2]), 2) is None
    assert account_indptr(np.array([-1, 0]), 2) is None


def test_where_rows_begin_is_found_once_for_each_book() -> None:
    rows = held({CALL: 1, PERPETUAL: 2}, {}, {CALL: 3}).positions
    starts = row_starts(rows, 3)
    assert starts is not None
    assert starts.tolist() == [0, 2, 2, 3]
    assert row_starts(rows, 3) is starts
    assert row_starts(replace(rows), 3) is not starts
    assert row_starts(replace(rows, account=rows.account[::-1]), 3) is None


def test_only_a_recipe_that_groups_nothing_below_the_account_is_plain() -> None:
    assert is_plain_recipe(load_recipe(BENCH_RECIPE))
    for name in ("house", "deribit-portfolio", "deribit-standard"):
        assert not is_plain_recipe(bundled_recipe(name))


def test_a_batch_that_is_done_with_is_given_back_at_once() -> None:
    """A context in a ring of references would wait for the collector, with all its rows."""
    gc.collect()
    before = contexts_alive()
    gc.disable()
    try:
        context = held({CALL: 1, PERPETUAL: 2})
        for at in ("account", "listing"):
            for block in ("positions", "balances"):
                assert context.groups(at).rows[block].groups_count
        del context
        assert contexts_alive() == before
    finally:
        gc.enable()


def contexts_alive() -> int:
    return sum(isinstance(each, Context) for each in gc.get_objects())
