"""Figures of the touched accounts anew, and where they stand with them."""

from collections.abc import Iterable
from dataclasses import replace

from crossmargin.action.ladder import Held, next_standing
from crossmargin.engine.best_end import best_measure
from crossmargin.engine.change import decided_ns
from crossmargin.engine.effect import Effect, StandingChanged
from crossmargin.engine.event import Event
from crossmargin.engine.remargin import figures_of, ladder_policy, measure_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState, Figures
from crossmargin.engine.vector import prices_used
from crossmargin.rulebook.standing import Standing


def remargined(
    setup: Setup, state: EngineState, event: Event, touched: Iterable[str]
) -> tuple[EngineState, tuple[Effect, ...]]:
    """Figures of the touched accounts anew, and who stands elsewhere now."""
    found = figures_of(setup, state, touched)
    effects: list[Effect] = []
    watched = set(state.watched)
    for account_id, figures in found.items():
        own = state.accounts[account_id]
        held = next_standing(
            ladder_policy(setup, state.rules.recipes[figures.recipe]),
            own.held,
            measure_of(figures),
            decided_ns(state, event),
            best=best_measure(setup, state, own, figures),
        )
        before = Standing.HEALTHY if own.held is None else own.held.standing
        if before is not held.standing:
            effects.append(_standing_changed(setup, state, event, own, before, figures, held))
        own = replace(own, figures=figures, held=held)
        state = replace(state, accounts=state.accounts.put(account_id, own))
        if held.standing is Standing.HEALTHY:
            watched.discard(account_id)
        else:
            watched.add(account_id)
    return replace(state, watched=frozenset(watched)), tuple(effects)


def _standing_changed(
    setup: Setup,
    state: EngineState,
    event: Event,
    own: AccountState,
    before: Standing,
    figures: Figures,
    held: Held,
) -> StandingChanged:
    return StandingChanged(
        event_id=event.event_id,
        account_id=own.account.account_id,
        before=before,
        after=held.standing,
        since_ns=held.since_ns,
        buffers=tuple(
            (level.name, None if level.buffer is None else format(level.buffer, "f"))
            for level in figures.levels
        ),
        reporting=figures.reporting,
        prices=prices_used(setup, state, own),
        market_sequence=state.snapshot.sequence,
        config_hash=state.rules.config_hash,
    )
