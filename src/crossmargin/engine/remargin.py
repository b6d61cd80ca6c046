"""Figures of accounts from the state: the one path of the rulebooks, for the touched accounts."""

from collections.abc import Iterable, Mapping, Sequence

from crossmargin.action.ladder import LadderPolicy, Measure
from crossmargin.domain.account import Entity
from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.flatten import book_columns
from crossmargin.domain.holding import Balance, BalanceState, Location
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState, Figures
from crossmargin.ledger.ledger import balance
from crossmargin.rulebook.assess import MarginColumns, assess_run
from crossmargin.rulebook.figures import Unit, level_figures, unit_of
from crossmargin.rulebook.pocket import SETTLE, assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.standing import STANDINGS


def figures_of(
    setup: Setup, state: EngineState, account_ids: Iterable[str]
) -> Mapping[str, Figures]:
    """Figures of some accounts. Each is the same as among all others, bit for bit.

    `TickOverflowError` when a figure does not fit into ticks, `InputRefused` when a recipe lacks a
    parameter: then there are no figures at all, and the event that led there is refused.
    """
    by_recipe: dict[str, list[AccountState]] = {}
    for account_id in sorted(account_ids):
        own = state.accounts[account_id]
        by_recipe.setdefault(recipe_name(setup, own), []).append(own)
    found: dict[str, Figures] = {}
    for name in sorted(by_recipe):
        found |= _figures(setup, state, state.rules.recipes[name], by_recipe[name])
    return found


def columns_of(setup: Setup, state: EngineState, accounts: Sequence[AccountState]) -> BookColumns:
    """What some accounts hold and have on order; money on its way out is gone already."""
    universe = state.valued.universe
    positions = None
    if len(accounts) == 1:
        (own,) = accounts
        positions = state.valued.rows.columns(own.account.account_id, own.positions)
    return book_columns(_book(setup, state, accounts), universe, positions)


def recipe_name(setup: Setup, own: AccountState) -> str:
    """The rulebook of an account: its own, or the default one."""
    return own.account.recipe or setup.default_recipe


def ladder_policy(setup: Setup, recipe: Recipe) -> LadderPolicy:
    """The recipe's ladder, with what a release takes: the same for every account."""
    settings = setup.settings
    return LadderPolicy(
        ladder=recipe.ladder, release_frac=settings.release_frac, dwell_ns=settings.dwell_ns
    )


def measure_of(figures: Figures) -> Measure:
    """Figures as a ladder or a call looks at them."""
    return Measure(levels=figures.levels, net_liquidation_value=figures.net_liquidation_value)


def initial_level(recipe: Recipe) -> str:
    """The level an act is held against: `initial` where the rulebook has it, else its first."""
    names = [level.name for level in recipe.levels]
    return "initial" if "initial" in names else names[0]


def _figures(
    setup: Setup, state: EngineState, recipe: Recipe, accounts: Sequence[AccountState]
) -> dict[str, Figures]:
    columns = columns_of(setup, state, accounts)
    found = assessed(state, recipe, columns)
    unit = unit_of(found)
    return {
        str(account_id): figures_at(found, row, unit)
        for row, account_id in enumerate(columns.account_ids)
    }


def assessed(state: EngineState, recipe: Recipe, columns: BookColumns) -> MarginColumns:
    """What a recipe says of the accounts of some columns at the state's market."""
    if recipe.terms.reporting == SETTLE:
        return assess_pockets(recipe, columns, state.valued.priced).summary
    return assess_run(recipe, columns, state.valued.run(recipe), explain=False)


def figures_at(found: MarginColumns, row: int, unit: Unit | None = None) -> Figures:
    """The figures of one account; `unit` is that of the columns, where it is known already."""
    unit = unit or unit_of(found)
    return Figures(
        recipe=found.recipe.name,
        reporting=found.reporting,
        levels=tuple(level_figures(found, own, row, unit) for own in found.levels.values()),
        net_liquidation_value=unit.amount(float(found.net_liquidation[row])),
        standing=STANDINGS[int(found.standing[row])],
        reasons=found.reasons.get(row, ()),
    )


def _book(setup: Setup, state: EngineState, accounts: Sequence[AccountState]) -> Book:
    entities = {own.account.entity_id for own in accounts}
    return Book(
        entities={name: Entity(entity_id=name, name=name) for name in entities},
        accounts={own.account.account_id: own.account for own in accounts},
        netting_sets={},
        assets=setup.assets,
        listings=state.listings,
        positions=tuple(x for own in accounts for x in own.positions.values()),
        balances=tuple(x for own in accounts for x in _balances(state, own)),
        loans=(),
        orders=tuple(x for own in accounts for x in own.orders.values()),
        reports={},
    )


def _balances(state: EngineState, own: AccountState) -> Iterable[Balance]:
    name = own.account.account_id
    for asset in state.ledger.account_assets(name):
        units = balance(state.ledger, name, asset) - own.withdrawing_units.get(asset, 0)
        if units:
            yield Balance(
                account_id=name,
                asset=asset,
                amount_units=units,
                location=Location(venue=own.account.venue),
                state=BalanceState.FREE,
            )
