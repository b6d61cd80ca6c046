"""What an announced parameter would do, and that it does exactly that."""

from dataclasses import replace
from decimal import Decimal

import pytest

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine.effect import (
    CallChanged,
    Effect,
    EventRefused,
    ParameterPreviewed,
    StandingChanged,
)
from crossmargin.engine.event_control import ParameterChanged
from crossmargin.engine.state_hash import state_hash
from crossmargin.rulebook.standing import Standing
from crossmargin.wire.effect import effect_values
from tests.engine.day import Story, fill, opening, played, small_setup


def announced(value: str, *, ahead_s: int = 60, parameter: str = "price_range") -> Story:
    """Anna is long 1 bitcoin, bela 0.2; a parameter is announced."""
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tell(fill("bela", Side.BUY, "0.2", "60000"))
    story.tick()
    tell(story, value, ahead_s, parameter)
    story.tick()
    return story


def tell(story: Story, value: str, ahead_s: int, parameter: str = "price_range") -> None:
    due_ns = story.now_ns + ahead_s * NS_PER_SECOND
    body = ParameterChanged(
        recipe="tiny", parameter=parameter, value=Decimal(value), effective_ns=due_ns
    )
    story.tell(body)


def previews(effects: list[Effect]) -> list[ParameterPreviewed]:
    return [x for x in effects if isinstance(x, ParameterPreviewed)]


@pytest.mark.parametrize(
    ("value", "standing", "called"),
    [("0.2", Standing.CALLED, "2000"), ("0.4", Standing.LIQUIDATING, "14000")],
)
def test_a_preview_says_who_is_called_and_liquidated_and_so_it_happens(
    value: str, standing: Standing, called: str
) -> None:
    story = announced(value)
    before, told = played(story.events)
    (preview,) = previews(told)
    (own,) = preview.consequences
    assert (own.account_id, own.before, own.after) == ("anna", Standing.HEALTHY, standing)
    assert (own.called, own.reporting) == (called, "USD")
    assert before.accounts["anna"].held.standing is Standing.HEALTHY  # type: ignore[union-attr]
    story.tick(60)
    _, told = played(story.events)
    stood = [x for x in told if isinstance(x, StandingChanged)]
    asked = [x.call for x in told if isinstance(x, CallChanged)]
    assert [(x.account_id, x.after) for x in stood] == [("anna", standing)]
    assert [format(x.amount, "f") for x in asked] == [called]


def test_what_is_announced_for_an_earlier_hour_is_in_the_preview_of_a_later_one() -> None:
    story = announced("0.15")
    tell(story, "0.9", 90, "maintenance_factor")
    tell(story, "0.4", 30)
    story.tick()
    _, told = played(story.events)
    first, second, third = previews(told)
    assert first.consequences == ()
    # 15 % of 60,000, nine tenths of it: a buffer of 1,900, warned at four fifths.
    assert [x.after for x in second.consequences] == [Standing.WARNED]
    assert [x.after for x in third.consequences] == [Standing.LIQUIDATING]


def test_a_looser_parameter_moves_nobody_and_a_preview_changes_nothing() -> None:
    story = announced("0.05")
    state, told = played(story.events)
    assert previews(told)[0].consequences == ()
    quiet, _ = played(story.events, replace(small_setup()))
    assert state_hash(quiet) == state_hash(state)
    assert len(state.calls) == 0


def test_a_change_needs_the_notice_that_the_setup_asks_for() -> None:
    setup = small_setup()
    setup = replace(
        setup, settings=replace(setup.settings, parameter_notice_ns=120 * NS_PER_SECOND)
    )
    for ahead_s, allowed in ((119, False), (120, True)):
        _, told = played(announced("0.2", ahead_s=ahead_s).events, setup)
        assert bool(previews(told)) is allowed
        assert any(isinstance(x, EventRefused) for x in told) is not allowed


def test_a_late_announcement_is_never_retroactive() -> None:
    story = opening()
    story.tick(100)
    due_ns = story.now_ns - 50 * NS_PER_SECOND
    body = ParameterChanged(
        recipe="tiny", parameter="price_range", value=Decimal("0.2"), effective_ns=due_ns
    )
    story.tell(body, at_ns=due_ns - 1)
    state, told = played(story.events)
    assert isinstance(told[-1], EventRefused)
    assert state.rules.staged == ()


def test_a_preview_is_written_with_its_hour_and_its_accounts() -> None:
    _, told = played(announced("0.2").events)
    values = effect_values(previews(told)[0])
    assert values["effect"] == "preview"
    assert values["effective"] == "2026-08-08T00:01:06Z"
    assert values["consequences"] == [
        {
            "account_id": "anna",
            "before": "healthy",
            "after": "called",
            "called": "2000",
            "reporting": "USD",
        }
    ]
