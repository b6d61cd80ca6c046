"""Rulebooks in force: the setup's recipes with the parameters that were changed since."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from crossmargin.action.call_terms import horizon_failures
from crossmargin.base.canonical import content_hash
from crossmargin.base.failure import refuse_if_any
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.engine.event_control import ParameterChanged
from crossmargin.engine.setup import Setup, setup_hash
from crossmargin.engine.state import Rules
from crossmargin.rulebook.horizon import horizon_days
from crossmargin.rulebook.load import load_recipe


def rules_of(setup: Setup, changes: Mapping[str, Mapping[str, Decimal]]) -> Rules:
    """The recipes of a setup with parameters changed. `InputRefused` when one may not be so, and
    where calls may be met later than a requirement covers.
    """
    recipes = {
        name: load_recipe(tables, {k: float(v) for k, v in changes.get(name, {}).items()})
        for name, tables in setup.recipes.items()
    }
    refuse_if_any(
        failure
        for name, recipe in recipes.items()
        if (days := horizon_days(recipe)) is not None
        for failure in horizon_failures(
            setup.calls.notice_ns,
            setup.calls.cut_off_ns,
            int(days * NS_PER_DAY),
            f"calls.notice_ns, recipe {name}",
        )
    )
    plain = {name: {k: str(v) for k, v in own.items()} for name, own in changes.items()}
    return Rules(
        recipes=recipes,
        changes=changes,
        staged=(),
        config_hash=content_hash([setup_hash(setup), plain]),
    )


def with_changes(
    changes: Mapping[str, Mapping[str, Decimal]], more: Iterable[ParameterChanged]
) -> dict[str, Mapping[str, Decimal]]:
    """Changed parameters by recipe, with more of them in their order."""
    found = dict(changes)
    for body in more:
        found[body.recipe] = {**found.get(body.recipe, {}), body.parameter: body.value}
    return found
