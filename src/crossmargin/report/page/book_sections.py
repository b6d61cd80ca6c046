"""The page's sections about the whole book, as HTML that reads without any script."""

from collections import Counter

from crossmargin.base.instant import instant_text
from crossmargin.report.amount_text import shown_amount, shown_frac
from crossmargin.report.exhibit import Exhibit, RecipeRow
from crossmargin.report.page.account_order import accounts_shown
from crossmargin.report.page.markup import (
    card,
    chip,
    column_number,
    data_table,
    folded,
    signed_buffer,
    text,
    used_bar,
)
from crossmargin.report.totals import (
    PlaceTotal,
    entity_totals,
    liquidation_figures,
    nearest_row,
    netting_set_rows,
    silos,
    urgency,
    venue_totals,
)
from crossmargin.rulebook.standing import STANDINGS
from crossmargin.rulebook.statement_types import AccountFigures, Statement

POOLED_NOTE = (
    "Places cannot help each other, so a sum has no standing of its own: what counts is the "
    "shortfall of its members."
)


def headline(statement: Statement) -> str:
    """The figures that matter first."""
    rows = silos(statement)
    nearest = nearest_row(rows)
    counts = Counter(row.standing for row in rows)
    chips = " ".join(
        chip(standing, f"{counts[standing]} ")
        for standing in reversed(STANDINGS)
        if counts[standing]
    )
    used = "" if nearest is None else _used_words(urgency(nearest))
    shortfall = statement.columns[0].shortfall if statement.columns else None
    kind = "bad" if shortfall is None or shortfall > 0 else "good"
    return (
        '<section class="headline" aria-label="Headline">'
        f'<div class="kpi {kind}"><span>Shortfall of the silos</span>'
        f"<b>{text(shown_amount(shortfall))}</b><small>{text(statement.reporting)}</small></div>"
        f'<div class="kpi"><span>Nearest to falling</span>'
        f"<b>{text(nearest.account_id if nearest else 'none')}</b><small>{text(used)}</small></div>"
        f'<div class="kpi"><span>Accounts</span><b>{len(rows)}</b><small>{chips}</small></div>'
        f'<div class="kpi"><span>Assumed fields</span><b>{len(statement.assumed)}</b>'
        "<small>what the market data lack</small></div></section>"
    )


def silo_section(statement: Statement) -> str:
    """Every silo under its own rulebook."""
    shown = accounts_shown(statement)
    rows = "".join(_silo(row, number) for number, row in enumerate(shown))
    hidden = len(silos(statement)) - len(shown)
    note = "Each account under its venue's own rulebook, nearest to liquidation first."
    if hidden:
        note += f" {hidden} more accounts are in the statement and not drawn here."
    return card("Silos", f'<ul class="silos">{rows}</ul>', note, "wide")


def places_section(statement: Statement) -> str:
    """Venues, entities and netting sets."""
    inside = _places("Venues", venue_totals(statement))
    inside += _places("Entities", entity_totals(statement))
    pools = netting_set_rows(statement)
    if pools:
        inside += level_table("Enforceable netting sets, house model", pools)
    return card("Venues, entities, netting sets", inside, POOLED_NOTE, "wide")


def columns_section(statement: Statement) -> str:
    """The four views and what lies between them."""
    differences = (
        statement.model_difference,
        statement.enforceable_benefit,
        statement.aspirational_benefit,
        None,
    )
    names = ("model difference", "enforceable benefit", "aspirational benefit", "")
    rows = []
    for number, column in enumerate(statement.columns):
        between = ""
        if number + 1 < len(statement.columns) and number < len(names):
            between = f"{text(names[number])} {text(shown_amount(differences[number]))}"
        rows.append(
            (
                f"{text(column_number(number))} <small>{text(column.label)}</small>",
                text(shown_amount(column.locked)),
                text(shown_amount(column.shortfall)),
                text(column.nearest or "none"),
                between,
            )
        )
    heads = ("view", "locked", "shortfall", "nearest", "less the next")
    table = data_table("Four views that are not mixed", heads, rows)
    figure = (
        '<div class="chart" data-chart="columns" role="img" aria-label="Locked per view"></div>'
    )
    note = (
        "Locked is net liquidation value less the buffer at the liquidation level: what a rulebook "
        "ties up. The last view is an economic one: it is not available as collateral."
    )
    return card("What pooling is worth", figure + table, note, "wide split")


def recipes_section(rows: tuple[RecipeRow, ...]) -> str:
    """The same book under every recipe."""
    if not rows:
        return ""
    cells = [
        (
            f"{text(row.recipe)} <small>{text(row.title)}</small>",
            text(row.status if row.reason is None else f"{row.status}: {row.reason}"),
            text(shown_amount(row.locked)),
            text(shown_amount(row.buffer)),
            text(shown_amount(row.shortfall)),
            "" if row.worst is None else chip(row.worst),
        )
        for row in rows
    ]
    heads = ("recipe", "status", "locked", "buffer", "shortfall", "worst member")
    figure = (
        '<div class="chart" data-chart="recipes" role="img" aria-label="Locked per recipe"></div>'
    )
    table = data_table("The same book under every recipe", heads, cells)
    note = "Requirements do not compare between rulebooks; what is locked and what is short does."
    return card("Under every recipe", figure + table, note, "wide")


def losses_section(statement: Statement) -> str:
    """What if a place is lost."""
    if not statement.losses:
        return ""
    rows = [
        (
            f"{text(loss.name)} <small>{text(loss.kind)}</small>",
            text(shown_amount(loss.credit_lost)),
            "<br>".join(
                f"{text(name)} {text(shown_amount(amount))}"
                for name, amount in loss.shortfalls.items()
            )
            or "none",
        )
        for loss in statement.losses
    ]
    table = data_table("If one is lost", ("lost", "credit lost", "shortfalls"), rows)
    note = (
        "Its collateral counts zero everywhere else, positions stay, and these accounts fall short."
    )
    return card("If one of these is lost", table, note)


def reported_section(statement: Statement) -> str:
    """The venues' own figures beside ours."""
    rows = [
        (
            text(row.account_id),
            text(figure.name),
            text(shown_amount(figure.ours)),
            text(shown_amount(figure.reported)),
            text(shown_amount(figure.difference)),
            {True: "✓ within", False: "✕ outside", None: "? not available"}[figure.within]
            + f" {text(shown_amount(figure.tolerance))}",
        )
        for row in accounts_shown(statement)
        for figure in row.reported
    ]
    if not rows:
        return ""
    heads = ("account", "figure", "ours", "venue's", "difference", "tolerance")
    note = "Shown beside ours, never used as an input."
    return card("What the venues report", data_table("Venue figures", heads, rows), note)


def footing(exhibit: Exhibit) -> str:
    """What it all rests on: moment, hash, tick, and every field that was assumed."""
    statement = exhibit.statement
    reasons = Counter(reason for _, reason in statement.assumed)
    inside = data_table(
        "By reason", ("reason", "fields"), [(text(r), str(n)) for r, n in reasons.most_common()]
    )
    first = [(text(field), text(reason)) for field, reason in statement.assumed[:200]]
    if first:
        inside += folded("Every assumed field", data_table("Fields", ("field", "reason"), first))
    facts = (
        f"As of {instant_text(statement.as_of_ns)}. Tick {statement.tick}. "
        f"Inputs {statement.inputs_hash}. Amounts are rounded for the eye."
    )
    return card(f"Assumed fields: {len(statement.assumed)}", inside, facts)


def level_table(caption: str, rows: tuple[AccountFigures, ...]) -> str:
    """Every level of accounts or pools."""
    cells = [
        (
            f"{text(row.account_id)} <small>{text(row.recipe)}</small> {chip(row.standing)}"
            if not number
            else "",
            text(level.name),
            text(shown_amount(level.equity)),
            text(shown_amount(level.requirement)),
            signed_buffer(level),
            used_bar(level),
        )
        for row in rows
        for number, level in enumerate(row.levels)
    ]
    return data_table(caption, ("name", "level", "equity", "requirement", "buffer", "used"), cells)


def _places(caption: str, totals: tuple[PlaceTotal, ...]) -> str:
    cells = [
        (
            f"{text(total.name)} <small>{text(total.reporting)}</small>",
            text(level.name),
            text(shown_amount(level.equity)),
            text(shown_amount(level.requirement)),
            signed_buffer(level),
            text(shown_amount(total.shortfall)) if not number else "",
            chip(total.worst, "worst: ") if not number else "",
        )
        for total in totals
        for number, level in enumerate(total.levels)
    ]
    heads = (
        "sum of silos",
        "level",
        "equity",
        "requirement",
        "buffer",
        "shortfall",
        "worst member",
    )
    return data_table(caption, heads, cells)


def _silo(row: AccountFigures, number: int) -> str:
    figures = liquidation_figures(row)
    bar = used_bar(figures) if figures else ""
    buffer = signed_buffer(figures)
    reasons = "".join(f'<span class="reason">{text(reason)}</span>' for reason in row.reasons)
    return (
        f'<li><a href="#account-{number}"><span class="who"><b>{text(row.account_id)}</b>'
        f"<small>{text(row.venue)} · {text(row.recipe)}</small></span>"
        f'{chip(row.standing)}{bar}<span class="buffer">{buffer} '
        f"<small>{text(row.reporting)} buffer</small></span>{reasons}</a></li>"
    )


def _used_words(used: float) -> str:
    return "no equity" if used == float("inf") else f"{shown_frac(used)} used"
