"""Historic days by the bundled daily closes, on a book of today, through the live engine."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from crossmargin.base.instant import NS_PER_DAY, NS_PER_SECOND, parse_instant
from crossmargin.engine.replay import replay_report, replayed
from crossmargin.engine.setup import Setup
from crossmargin.engine.state_hash import state_hash
from crossmargin.rulebook.standing import Standing
from crossmargin.study.replayed_day import (
    AccountDay,
    DayBook,
    Entry,
    Step,
    beta_moves,
    replayed_day,
)
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.engine_setup import PRICES
from crossmargin.wire.history import read_daily_closes
from tests.engine.day import START_NS, listing, small_setup

INDEX = {"BTC": Decimal("64807.61"), "ETH": Decimal("1912.6"), "SOL": Decimal(110)}
PERPETUALS = {code: f"venue:{code}/USDC:USDC" for code in INDEX}
MONEY = {"long": 60_000, "short": 60_000, "ether": 30_000, "other": 30_000}
POSITIONS = (
    ("long", "BTC", 6),
    ("short", "BTC", -6),
    ("ether", "ETH", 40),
    ("other", "SOL", 600),
)
ETHER_BETA = 1.402
"""As scripts/historic_days.py prints it."""


def _setup() -> Setup:
    setup = small_setup(0)
    return replace(setup, settings=replace(setup.settings, sample_every=25))


def book() -> DayBook:
    entries = tuple(
        Entry(
            account_id=name,
            listing_id=PERPETUALS[code],
            contracts=Decimal(contracts),
            price=INDEX[code],
        )
        for name, code, contracts in POSITIONS
    )
    return DayBook(
        venue="venue",
        listings=tuple(listing(name) for name in PERPETUALS.values()),
        money={name: {"USDC": coins * 10**6} for name, coins in MONEY.items()},
        entries=entries,
        index={**INDEX, "USDC": Decimal(1)},
    )


def steps_of(first: str, days: int) -> list[Step]:
    """Moves of the closes since the first one; solana had none in the bundle: ether's beta."""
    history = read_daily_closes(read_bundled(f"package:{PRICES}"), PRICES)
    row = int(np.searchsorted(history.date_ns, parse_instant(f"{first}T00:00:00Z") or 0))
    found = []
    for day in range(1, days + 1):
        moves = {
            code: float(history.price[row + day, place] / history.price[row, place] - 1.0)
            for place, code in enumerate(history.assets)
        }
        found.append(
            Step(after_ns=day * NS_PER_DAY, move=beta_moves(moves, {"SOL": ETHER_BETA}, "BTC"))
        )
    return found


def by_name(days: tuple[AccountDay, ...]) -> Mapping[str, AccountDay]:
    return {day.account_id: day for day in days}


@pytest.mark.parametrize(
    ("first", "days", "fallen", "called"),
    [
        ("2020-03-11", 2, {"long", "ether", "other"}, {"long", "ether", "other"}),
        ("2025-10-09", 3, set(), {"long"}),
    ],
)
def test_a_historic_day_is_what_its_closes_say_of_the_book(
    first: str, days: int, fallen: set[str], called: set[str]
) -> None:
    steps = steps_of(first, days)
    found = replayed_day(_setup(), book(), steps, START_NS)
    accounts = by_name(found.accounts)
    for name, code, contracts in POSITIONS:
        lowest = min(step.move[code] * contracts for step in steps)
        worth = MONEY[name] + lowest * float(INDEX[code])
        assert float(accounts[name].lowest or 0) == pytest.approx(worth, abs=0.02)
    liquidated = {x for x, own in accounts.items() if own.liquidating_after_ns is not None}
    assert liquidated == fallen
    assert {x for x, own in accounts.items() if own.called} == called
    assert accounts["short"].worst is Standing.HEALTHY
    for own in accounts.values():
        if own.liquidating_after_ns is not None:
            assert own.called_after_ns is not None
            assert own.called_after_ns <= own.liquidating_after_ns
    report = replay_report(_setup(), found.state, len(found.events))
    assert report.trial_balance_zero
    assert report.incremental_equals_full


def test_its_events_give_the_same_state_again() -> None:
    found = replayed_day(_setup(), book(), steps_of("2020-03-11", 2), START_NS)
    state, effects = replayed(_setup(), found.events)
    assert state_hash(state) == state_hash(found.state)
    assert effects == found.effects


def test_a_coin_without_bars_moves_by_beta_and_never_below_nothing() -> None:
    assert beta_moves({"BTC": -0.5}, {"SOL": 1.4, "BTC": 9.0}, "BTC") == {"BTC": -0.5, "SOL": -0.7}
    assert beta_moves({"BTC": -0.8}, {"SOL": 2.0}, "BTC")["SOL"] == -0.99


def test_a_step_that_comes_before_another_is_told_at_the_later_time() -> None:
    steps = [Step(after_ns=100 * NS_PER_SECOND, move={}), Step(after_ns=0, move={"BTC": -0.01})]
    found = replayed_day(_setup(), book(), steps, START_NS)
    times = [event.event_time_ns for event in found.events]
    assert times == sorted(times)
