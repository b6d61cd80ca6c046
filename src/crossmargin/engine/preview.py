"""What a change of parameters would do, were it in force now: by the functions that would do it."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from crossmargin.base.exact import decimal_text
from crossmargin.engine.calls import called
from crossmargin.engine.effect import CallChanged, Consequence, StandingChanged
from crossmargin.engine.event import Event
from crossmargin.engine.remargin import recipe_name
from crossmargin.engine.rules import rules_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.standings import remargined
from crossmargin.engine.state import EngineState


def consequences(
    setup: Setup,
    state: EngineState,
    event: Event,
    changes: Mapping[str, Mapping[str, Decimal]],
) -> tuple[Consequence, ...]:
    """Accounts that would stand elsewhere or be called, by name, with the parameters of recipes so.

    At the prices of now, and at the time of `event`. `InputRefused` when a parameter may not be so;
    `ArithmeticError` where a figure does not fit. `state` stays as it is.
    """
    rules = replace(rules_of(setup, changes), staged=state.rules.staged)
    touched = [
        name for name, own in state.accounts.under_items() if recipe_name(setup, own) in changes
    ]
    after, standings = remargined(setup, replace(state, rules=rules), event, touched)
    _, calls = called(setup, after, event, touched)
    elsewhere = {x.account_id: x for x in standings if isinstance(x, StandingChanged)}
    asked = {x.call.account_id: x.call for x in calls if isinstance(x, CallChanged)}
    asked = {name: call for name, call in asked.items() if call.call_id not in state.calls}
    found = []
    for name in sorted(elsewhere.keys() | asked.keys()):
        held = after.accounts[name].held
        figures = after.accounts[name].figures
        assert held is not None
        assert figures is not None
        before = elsewhere[name].before if name in elsewhere else held.standing
        amount = decimal_text(asked[name].amount) if name in asked else None
        found.append(
            Consequence(
                account_id=name,
                before=before,
                after=held.standing,
                called=amount,
                reporting=figures.reporting,
            )
        )
    return tuple(found)
