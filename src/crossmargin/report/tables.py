"""The statement as tables for a terminal of 80 columns, with or without colour."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from crossmargin.base.instant import instant_text
from crossmargin.report.amount_text import (
    NOT_AVAILABLE,
    printable,
    shown_amount,
    shown_frac,
)
from crossmargin.report.exhibit import Exhibit, RecipeRow
from crossmargin.report.move_tables import liquidation_table, loss_table, reported_table
from crossmargin.report.plain_table import cell, named, plain_table, standing_text
from crossmargin.report.totals import (
    PlaceTotal,
    entity_totals,
    nearest_row,
    netting_set_rows,
    silos,
    urgency,
    venue_totals,
)
from crossmargin.rulebook.statement_types import AccountFigures, LevelFigures, Statement


def statement_view(exhibit: Exhibit) -> Group:
    """The whole statement, top to bottom: headline, accounts, places, pools, columns, losses."""
    return Group(*_sections(exhibit))


def headline(statement: Statement) -> Text:
    """What matters first: the shortfalls of the silos, and which one is nearest to falling."""
    text = Text()
    text.append(f"As of {instant_text(statement.as_of_ns)}", style="bold")
    text.append(f", in {printable(statement.reporting)} unless said otherwise\n")
    shortfall = statement.columns[0].shortfall if statement.columns else None
    text.append("Shortfall of the silos: ")
    text.append(shown_amount(shortfall), style="bold")
    nearest = nearest_row(silos(statement))
    if nearest is not None:
        used = urgency(nearest)
        shown = "no equity" if used == float("inf") else f"{shown_frac(used)} used"
        text.append("; nearest to falling: ")
        text.append(f"{printable(nearest.account_id)} ({shown})", style="bold")
    text.append(f"\nAssumed fields of the market: {len(statement.assumed)}")
    text.append(
        f"\nTick {printable(statement.tick)}, inputs {printable(statement.inputs_hash)[:16]}"
    )
    text.append("\nAmounts below are rounded for the eye; --json has them exact.")
    return text


def accounts_table(rows: Sequence[AccountFigures], title: str) -> Table:
    """Every level of every account or pool."""
    table = plain_table(title, "account", *_LEVEL_HEADS)
    for row in rows:
        who = named(row.account_id)
        place = f"{row.venue}, {row.recipe}" if row.venue else row.recipe
        who.append(f"\n{printable(place)}", style="dim")
        who.append("\n")
        who.append_text(standing_text(row.standing))
        unit = [f"in {row.reporting}"] if len({r.reporting for r in rows}) > 1 else []
        nlv = f"net liquidation value {shown_amount(row.net_liquidation_value)}"
        for line in [*unit, nlv, *row.reasons]:
            who.append(f"\n{printable(line)}", style="dim")
        table.add_row(who, *_level_cells(row.levels))
    return table


def places_table(totals: Sequence[PlaceTotal], title: str) -> Table:
    """Sums of silos, each with its shortfall and its worst member. A sum has no standing."""
    table = plain_table(title, "sum of silos", *_LEVEL_HEADS[:-1], "shortfall")
    for total in totals:
        who = named(total.name)
        count = len(total.account_ids)
        silo = "silo" if count == 1 else "silos"
        who.append(f"\n{count} {silo} in {printable(total.reporting)}", style="dim")
        who.append("\nworst ", style="dim")
        who.append_text(standing_text(total.worst))
        if total.nearest is not None:
            who.append(f"\nnearest: {printable(total.nearest)}", style="dim")
        cells = _level_cells(total.levels)[:-1]
        table.add_row(who, *cells, cell(shown_amount(total.shortfall)))
    return table


def columns_table(statement: Statement) -> Table:
    """The four columns and the differences between neighbours. They are never added up."""
    table = plain_table("Four views that are not mixed", "view", "locked", "shortfall", "nearest")
    differences = [
        ("model difference", statement.model_difference),
        ("enforceable benefit", statement.enforceable_benefit),
        ("aspirational benefit", statement.aspirational_benefit),
    ]
    for number, column in enumerate(statement.columns):
        if 0 < number <= len(differences):
            name, amount = differences[number - 1]
            table.add_row(Text(f"  less the next: {name}", style="dim"), cell(shown_amount(amount)))
        nearest = NOT_AVAILABLE if column.nearest is None else printable(column.nearest)
        table.add_row(
            Text(printable(column.label)),
            cell(shown_amount(column.locked)),
            cell(shown_amount(column.shortfall)),
            Text(nearest),
        )
    return table


def recipes_view(rows: Sequence[RecipeRow]) -> Group:
    """The same book under every recipe, and below it the recipes that have no figure for it.

    Only what is locked and the buffers compare between recipes.
    """
    known = [row for row in rows if row.locked is not None]
    units = {row.reporting for row in known}
    where = f", in {printable(units.pop())}" if len(units) == 1 else ""
    table = plain_table(
        f"The same book under every recipe{where}",
        *("recipe", "level", "requirement", "buffer", "locked", "shortfall"),
    )
    for row in known:
        who = named(row.recipe)
        if not where:
            who.append(f"\nin {printable(row.reporting)}", style="dim")
        if row.worst is not None:
            who.append("\n")
            who.append_text(standing_text(row.worst))
        amounts = (row.buffer, row.locked, row.shortfall)
        table.add_row(
            who,
            Text("\n".join(printable(level) for level, _ in row.requirements)),
            cell("\n".join(shown_amount(amount) for _, amount in row.requirements)),
            *(cell(shown_amount(amount)) for amount in amounts),
        )
    table.caption = Text("Below a recipe: the worst standing of an account under it.")
    table.caption_justify = "left"
    unknown = [row for row in rows if row.locked is None]
    return Group(table, _unavailable_table(unknown)) if unknown else Group(table)


def _unavailable_table(rows: Sequence[RecipeRow]) -> Table:
    table = plain_table("Recipes without a figure for this book", "recipe", "reason")
    for row in rows:
        reason = row.status if row.reason is None else f"{row.status}: {row.reason}"
        table.add_row(named(row.recipe), Text(printable(reason)))
    return table


def assumed_table(statement: Statement) -> Table:
    """How many fields the data lack, by reason."""
    counts: dict[str, int] = {}
    for _, reason in statement.assumed:
        counts[reason] = counts.get(reason, 0) + 1
    table = plain_table(f"Assumed fields: {len(statement.assumed)}", "reason", "fields")
    for reason, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        table.add_row(Text(printable(reason)), cell(str(count)))
    return table


_LEVEL_HEADS = ("level", "equity", "requirement", "buffer", "used")


def _sections(exhibit: Exhibit) -> Iterator[RenderableType]:
    statement = exhibit.statement
    rows = silos(statement)
    yield headline(statement)
    yield accounts_table(rows, "Accounts, each under its own rulebook")
    if any(row.reported for row in rows):
        yield reported_table(rows)
    yield liquidation_table(rows)
    yield places_table(venue_totals(statement), "Venues")
    yield places_table(entity_totals(statement), "Entities")
    pools = netting_set_rows(statement)
    if pools:
        yield accounts_table(pools, "Netting sets that are enforceable, under the house model")
    yield columns_table(statement)
    if statement.losses:
        yield loss_table(statement.losses)
    if exhibit.recipes:
        yield recipes_view(exhibit.recipes)
    if statement.assumed:
        yield assumed_table(statement)


def _level_cells(levels: Sequence[LevelFigures]) -> list[Text]:
    """One cell per head, each with one line per level; a negative buffer stands out by sign and
    style.
    """
    buffers = Text(justify="right")
    for number, level in enumerate(levels):
        short = level.buffer is not None and level.buffer < 0
        line = "\n" if number else ""
        buffers.append(line + shown_amount(level.buffer), style="bold red" if short else "")
    return [
        Text("\n".join(printable(level.name) for level in levels)),
        cell("\n".join(shown_amount(level.equity) for level in levels)),
        cell("\n".join(shown_amount(level.requirement) for level in levels)),
        buffers,
        cell("\n".join(_used(level) for level in levels)),
    ]


def _used(level: LevelFigures) -> str:
    if level.utilisation is not None:
        return shown_frac(level.utilisation)
    return "no equity" if level.utilisation_reason == "no_equity" else NOT_AVAILABLE
