"""Figures of the touched accounts anew, and where they stand with them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from crossmargin.action.ladder import Held, next_standing
from crossmargin.engine.best_end import best_measure
from crossmargin.engine.block import margined
from crossmargin.engine.change import decided_ns
from crossmargin.engine.effect import Effect, StandingChanged
from crossmargin.engine.event import Event
from crossmargin.engine.remargin import figures_of, ladder_policy, measure_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState, Figures
from crossmargin.engine.vector import prices_used
from crossmargin.rulebook.standing import Standing


def placed(
    setup: Setup, state: EngineState, event: Event, touched: frozenset[str], *, same: bool
) -> tuple[EngineState, tuple[Effect, ...], frozenset[str]]:
    """Figures of the touched accounts anew, who stands elsewhere now, and who may be called.

    Where everybody holds the `same` as before the event, many accounts are margined together, and
    only those are looked at one by one whose place or calls may change.
    """
    if not same or len(touched) < setup.settings.together_least:
        return (*remargined(setup, state, event, touched), touched)
    found = margined(setup, state, touched)
    state = replace(state, accounts=found.accounts)
    looked = {name: state.accounts[name].figures for name in found.looked}
    known = {name: figures for name, figures in looked.items() if figures is not None}
    known |= figures_of(setup, state, found.single)
    return (*_at_figures(setup, state, event, known, same=True), frozenset(known))


def remargined(
    setup: Setup, state: EngineState, event: Event, touched: Iterable[str]
) -> tuple[EngineState, tuple[Effect, ...]]:
    """Figures of the touched accounts anew, one by one, and who stands elsewhere now."""
    return _at_figures(setup, state, event, figures_of(setup, state, touched), same=False)


def _at_figures(
    setup: Setup, state: EngineState, event: Event, found: Mapping[str, Figures], *, same: bool
) -> tuple[EngineState, tuple[Effect, ...]]:
    """The state with accounts at their figures. One that holds the `same` as before and shows the
    same is left as it is; any other is written, although it may show the same: what was margined
    with it before no longer counts.
    """
    effects: list[Effect] = []
    watched = set(state.watched)
    for account_id in sorted(found):
        figures, own = found[account_id], state.accounts[account_id]
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
        if not same or held != own.held or figures != own.figures:
            own = replace(own, figures=figures, held=held)
            state = replace(state, accounts=state.accounts.put(account_id, own))
        if held.standing is Standing.HEALTHY:
            watched.discard(account_id)
        else:
            watched.add(account_id)
    if watched != state.watched:
        state = replace(state, watched=frozenset(watched))
    return state, tuple(effects)


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
