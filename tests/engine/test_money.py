"""Owned money through events: double entry, rounded against who pays, corrected openly."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.domain.holding import Side
from crossmargin.engine.effect import Decision, EventRefused
from crossmargin.engine.event_money import (
    CollateralLocked,
    CollateralReleased,
    CollateralSeized,
    Deposit,
    Fee,
    Interest,
    Transfer,
    WithdrawalRequested,
    WithdrawalSettled,
)
from crossmargin.engine.event_trade import Fill, Funding, Redenominated, Settled, TradeCancelled
from crossmargin.engine.state import EngineState
from crossmargin.ledger.entry import EntryState
from crossmargin.ledger.ledger import available, balance, trial_balance
from tests.engine.day import (
    BTC_UNITS,
    INVERSE,
    OPTION,
    PERPETUAL,
    USDC_UNITS,
    Story,
    fill,
    opening,
    played,
    price,
)


def _usdc(state: EngineState, name: str) -> int:
    return balance(state.ledger, name, "USDC")


def _value(state: EngineState, name: str, mark: int) -> Fraction:
    """USDC units: money and open profit of the perpetual, exactly."""
    position = state.accounts[name].positions.get(PERPETUAL)
    cost = Decimal(0) if position is None else position.cost_settle or Decimal(0)
    contracts = Decimal(0) if position is None else position.contracts
    return _usdc(state, name) + (Fraction(contracts) * mark - Fraction(cost)) * USDC_UNITS


@settings(max_examples=15, deadline=None)
@given(
    trades=st.lists(
        st.tuples(
            st.sampled_from(list(Side)),
            st.integers(1, 400),
            st.integers(5_900_000, 6_100_000),
        ),
        min_size=1,
        max_size=7,
    )
)
def test_money_and_open_profit_are_the_sum_of_what_was_paid(
    trades: list[tuple[Side, int, int]],
) -> None:
    story = opening()
    worth = Fraction(10_000 * USDC_UNITS)
    for side, thousandths, cents in trades:
        contracts, at = Decimal(thousandths) / 1000, Decimal(cents) / 100
        story.tell(fill("anna", side, str(contracts), str(at)))
        sign = 1 if side is Side.BUY else -1
        worth += sign * Fraction(contracts) * (60_000 - Fraction(at)) * USDC_UNITS
    story.tick()
    state, _ = played(story.events)
    lost = worth - _value(state, "anna", 60_000)
    assert 0 <= lost <= len(trades)
    assert not any(trial_balance(state.ledger).values())


@pytest.mark.parametrize("listing_id", [PERPETUAL, INVERSE, OPTION])
def test_a_cancelled_trade_leaves_what_was_before_and_entries_that_name_the_original(
    listing_id: str,
) -> None:
    story = opening()
    story.tell(Deposit(account_id="anna", asset="BTC", amount_units=BTC_UNITS))
    at = "0.02" if listing_id == OPTION else "60000"
    story.tell(fill("anna", Side.BUY, "2", at, listing_id))
    story.tick()
    before, _ = played(story.events)
    wrong = Fill(
        account_id="anna",
        listing_id=listing_id,
        side=Side.SELL,
        contracts=Decimal(3),
        price=Decimal("0.03" if listing_id == OPTION else "61000"),
        fee=Decimal("0.001"),
        fee_asset="USDC",
    )
    name = story.tell(wrong)
    story.tick()
    middle, _ = played(story.events)
    assert middle.accounts["anna"].positions[listing_id].contracts == -1
    story.tell(TradeCancelled(original_id=name))
    story.tell(TradeCancelled(original_id=name))
    story.tick()
    after, told = played(story.events)
    assert after.accounts["anna"].positions == before.accounts["anna"].positions
    for asset in ("USDC", "BTC"):
        assert balance(after.ledger, "anna", asset) == balance(before.ledger, "anna", asset)
    corrections = list(after.ledger.entries(after.trades[name].last_entry))
    assert [x.names for x in corrections] == list(
        range(after.trades[name].first_entry, after.trades[name].last_entry + 1)
    )
    assert sum(isinstance(x, EventRefused) for x in told) == 1


def test_an_inverse_contract_closed_pays_the_difference_of_reciprocals() -> None:
    story = opening()
    story.tell(Deposit(account_id="anna", asset="BTC", amount_units=BTC_UNITS))
    story.tell(fill("anna", Side.BUY, "100", "50000", INVERSE))
    story.tell(fill("anna", Side.SELL, "100", "40000", INVERSE))
    story.tick()
    state, _ = played(story.events)
    # 100 contracts of 100 dollars: 10,000 / 50,000 - 10,000 / 40,000 = -0.05 coins.
    assert balance(state.ledger, "anna", "BTC") == BTC_UNITS - BTC_UNITS // 20
    assert state.accounts["anna"].positions == {}


def test_a_premium_is_paid_at_once_and_an_option_settles_at_its_payoff() -> None:
    story = opening()
    story.tell(Deposit(account_id="anna", asset="BTC", amount_units=BTC_UNITS))
    story.tell(fill("anna", Side.BUY, "2", "0.02", OPTION))
    story.tick()
    state, _ = played(story.events)
    assert balance(state.ledger, "anna", "BTC") == BTC_UNITS - 4_000_000
    story.tell(Settled(listing_id=OPTION, price=Decimal("0.05")))
    story.tick()
    state, _ = played(story.events)
    assert balance(state.ledger, "anna", "BTC") == BTC_UNITS + 6_000_000
    assert OPTION not in state.accounts["anna"].positions


def test_funding_moves_from_longs_to_shorts_and_rounds_against_each() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.3", "60000"))
    story.tell(fill("bela", Side.SELL, "0.3", "60000"))
    story.tell(Funding(listing_id=PERPETUAL, amount_per_contract=Decimal("0.00001")))
    story.tick()
    state, _ = played(story.events)
    # 3 units exactly; then a third of a unit more for each of them.
    assert (_usdc(state, "anna"), _usdc(state, "bela")) == (9_999_999_997, 10_000_000_003)
    story.tell(Funding(listing_id=PERPETUAL, amount_per_contract=Decimal("0.000001")))
    story.tick()
    state, _ = played(story.events)
    assert (_usdc(state, "anna"), _usdc(state, "bela")) == (9_999_999_996, 10_000_000_003)
    assert not any(trial_balance(state.ledger).values())


@settings(max_examples=10, deadline=None)
@given(billionths=st.integers(1, 10**9), times=st.integers(1, 6))
def test_many_small_accruals_differ_from_one_big_by_at_most_a_unit_each(
    billionths: int, times: int
) -> None:
    amount = Decimal(billionths) / 10**9
    many, one = opening(), opening()
    for _ in range(times):
        many.tell(Interest(account_id="anna", asset="USDC", amount=-amount))
    one.tell(Interest(account_id="anna", asset="USDC", amount=-amount * times))
    many.tick()
    one.tick()
    difference = _usdc(played(one.events)[0], "anna") - _usdc(played(many.events)[0], "anna")
    assert 0 <= difference <= times


def test_a_withdrawal_is_reserved_at_once_and_posted_or_given_back_later() -> None:
    story = opening()
    ask = WithdrawalRequested(account_id="anna", asset="USDC", amount_units=4_000 * USDC_UNITS)
    first, second = story.tell(ask), story.tell(ask)
    third = story.tell(ask)
    story.tick()
    state, told = played(story.events)
    assert [x.allowed for x in told if isinstance(x, Decision)] == [True, True, False]
    assert available(state.ledger, "anna", "USDC") == 2_000 * USDC_UNITS
    story.tell(WithdrawalSettled(request_id=first, sent=True))
    story.tell(WithdrawalSettled(request_id=second, sent=False))
    story.tell(WithdrawalSettled(request_id=third, sent=True))
    story.tick()
    state, told = played(story.events)
    assert isinstance(told[-1], EventRefused)
    assert _usdc(state, "anna") == available(state.ledger, "anna", "USDC") == 6_000 * USDC_UNITS
    assert state.accounts["anna"].withdrawing_units == {}
    states = [entry.state for entry in state.ledger.entries(2)]
    assert states == [
        EntryState.PENDING,
        EntryState.PENDING,
        EntryState.POSTED,
        EntryState.VOIDED,
    ]


def test_locked_money_is_collateral_but_cannot_leave_and_goes_to_whom_it_was_locked_for() -> None:
    story = opening()
    lock = CollateralLocked(
        account_id="anna", in_favour_of="bela", asset="USDC", amount_units=7_000 * USDC_UNITS
    )
    held, freed = story.tell(lock), story.tell(lock)
    ask = WithdrawalRequested(account_id="anna", asset="USDC", amount_units=3_001 * USDC_UNITS)
    story.tell(ask)
    story.tick()
    state, told = played(story.events)
    refused, decision = told
    assert isinstance(refused, EventRefused), "there is not enough for a second lock"
    assert refused.event_id == freed
    assert isinstance(decision, Decision)
    assert decision.limit == "funds"
    assert state.accounts["anna"].figures is not None
    assert state.accounts["anna"].figures.levels[0].equity == 10_000
    seized = Story()
    seized.events, seized.now_ns, seized.counts = [*story.events], story.now_ns, {**story.counts}
    seized.tell(CollateralSeized(lock_id=held))
    seized.tick()
    state, _ = played(seized.events)
    assert (_usdc(state, "anna"), _usdc(state, "bela")) == (3_000_000_000, 17_000_000_000)
    story.tell(CollateralReleased(lock_id=held))
    story.tick()
    state, _ = played(story.events)
    assert available(state.ledger, "anna", "USDC") == 10_000 * USDC_UNITS


def test_a_transfer_and_a_fee_move_whole_units_and_nothing_else() -> None:
    story = opening()
    story.tell(
        Transfer(account_id="anna", to_account_id="bela", asset="USDC", amount_units=USDC_UNITS)
    )
    story.tell(Fee(account_id="anna", asset="USDC", amount=Decimal("0.0000001")))
    story.tell(Deposit(account_id="nobody", asset="USDC", amount_units=1))
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=0))
    story.tick()
    state, told = played(story.events)
    assert _usdc(state, "anna") == 9_999 * USDC_UNITS - 1
    assert _usdc(state, "bela") == 10_001 * USDC_UNITS
    assert sum(isinstance(x, EventRefused) for x in told) == 2


def test_a_redenomination_changes_no_figure_of_anybody() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "59000"))
    story.tick()
    before, _ = played(story.events)
    story.tell(Redenominated(listing_id=PERPETUAL, ratio=Decimal(1000)))
    story.tick()
    after, _ = played(story.events)
    assert after.accounts["anna"].figures == before.accounts["anna"].figures
    assert after.accounts["anna"].positions[PERPETUAL].contracts == 500
    story.tell(price("61000"))
    story.tick()
    moved, _ = played(story.events)
    figures = moved.accounts["anna"].figures
    assert figures is not None
    assert figures.levels[0].equity == 11_000


@pytest.mark.parametrize("contracts", ["NaN", "Infinity", "1e60", "0", "-1"])
def test_a_number_that_is_none_is_refused_and_the_engine_goes_on(contracts: str) -> None:
    story = opening()
    before, _ = played(story.events)
    story.tell(fill("anna", Side.BUY, contracts, "60000"))
    story.tick()
    after, told = played(story.events)
    assert [type(x) for x in told] == [EventRefused]
    assert after.accounts["anna"].figures == before.accounts["anna"].figures
    assert after.ledger.head_hash == before.ledger.head_hash


def test_what_a_closed_part_realises_is_rounded_down_and_the_rest_stays_in_the_cost() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.01", "60000"))
    story.tell(fill("anna", Side.BUY, "0.02", "60001"))
    story.tell(fill("anna", Side.SELL, "0.01", "60000"))
    story.tick()
    state, _ = played(story.events)
    # A third of the 2 cents that the average cost is above 60,000: 6,666 and two thirds of a unit.
    assert _usdc(state, "anna") == 10_000 * USDC_UNITS - 6_667
    story.tell(fill("anna", Side.SELL, "0.02", "60000"))
    story.tick()
    state, _ = played(story.events)
    assert _usdc(state, "anna") == 10_000 * USDC_UNITS - 20_000
