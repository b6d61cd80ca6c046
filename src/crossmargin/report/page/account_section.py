"""The page's section about one account: levels, pictures, and the component tree to open."""

from crossmargin.report.amount_text import shown_amount
from crossmargin.report.exhibit import CollateralRow, Exhibit
from crossmargin.report.move_tables import JOINT, crossing_text, crossings_by_asset
from crossmargin.report.nodes import part_lines
from crossmargin.report.page.markup import (
    chip,
    data_table,
    folded,
    signed_buffer,
    text,
    used_bar,
)
from crossmargin.rulebook.statement_types import AccountFigures, NodeFigures


def account_section(exhibit: Exhibit, row: AccountFigures, number: int) -> str:
    """One account. Charts that have no figures are left out by the script."""
    nlv = f"Net liquidation value {shown_amount(row.net_liquidation_value)} {row.reporting}"
    here = [each for each in exhibit.collateral if each.account_id == row.account_id]
    inside = "".join(f'<p class="reason">{text(reason)}</p>' for reason in row.reasons)
    inside += _levels(row)
    inside += '<div class="pictures">'
    inside += _figure("waterfall", number, "What the requirement is made of", _trees(row))
    inside += _figure("moves", number, "How far until liquidation", _moves_table(row))
    inside += _figure("heatmap", number, "Profit and loss in every scenario", "")
    inside += _figure("curve", number, "Payoff today and at the last expiry", "")
    inside += _figure(
        "collateral", number, "Collateral: credit, and what is taken off", _collateral(here)
    )
    inside += "</div>"
    return (
        f'<section class="card wide account" id="account-{number}"><h2>{text(row.account_id)} '
        f'{chip(row.standing)}</h2><p class="note">{text(row.venue)} · {text(row.recipe)} · '
        f"{text(row.entity_id)} · {text(nlv)}</p>{inside}</section>"
    )


def _levels(row: AccountFigures) -> str:
    cells = [
        (
            text(level.name),
            text(shown_amount(level.equity)),
            text(shown_amount(level.requirement)),
            signed_buffer(level),
            used_bar(level),
        )
        for level in row.levels
    ]
    return data_table("Levels", ("level", "equity", "requirement", "buffer", "used"), cells)


def _figure(kind: str, number: int, title: str, beside: str) -> str:
    """A picture, a choice above it (filled by the script), the same figures as text below."""
    return (
        f'<figure data-figure="{kind}" data-account="{number}"><figcaption>{text(title)}'
        f"</figcaption><div class='choice'></div>"
        f'<div class="chart" data-chart="{kind}" data-account="{number}" role="img" '
        f'aria-label="{text(title)}"></div><p class="said" aria-live="polite"></p>{beside}</figure>'
    )


def _trees(row: AccountFigures) -> str:
    inside = "".join(
        f"<h4>{text(level)} {side}</h4><ul class='tree'>{_node(node, rival=False)}</ul>"
        for level, pair in row.trees.items()
        for side, node in zip(("equity", "requirement"), pair, strict=True)
    )
    return folded("The component tree, with drivers and parts", inside) if inside else ""


def _node(node: NodeFigures, *, rival: bool) -> str:
    kind = "lost" if rival and not node.winner else ""
    mark = '<span class="won">✓ wins</span>' if rival and node.winner else ""
    group = f" [{text(node.group)}]" if node.group is not None else ""
    driver = f' <span class="driver">← {text(node.driver)}</span>' if node.driver else ""
    amount = text(shown_amount(node.amount))
    label = (
        f"<b>{text(node.name)}</b>{group} <span class='amount'>{amount}</span> "
        f"<small>{text(node.operation)}</small>{driver}{mark}"
    )
    rivals = node.operation in {"max", "min"}
    below = "".join(_node(child, rival=rivals) for child in node.children)
    if not node.children:
        below = "".join(f"<li class='part'>{text(line)}</li>" for line in part_lines(node))
    if not below:
        return f'<li class="{kind}">{label}</li>'
    opened = f"<details open><summary>{label}</summary><ul>{below}</ul></details>"
    return f'<li class="{kind}">{opened}</li>'


def _moves_table(row: AccountFigures) -> str:
    rows = [
        (
            text(JOINT if asset is None else asset),
            text(crossing_text(down)),
            text(crossing_text(up)),
        )
        for asset, (down, up) in crossings_by_asset(row).items()
    ]
    if not rows:
        return ""
    rules = sorted({crossing.vol_rule for crossing in row.liquidation})
    table = data_table("Liquidation moves", ("asset", "down", "up"), rows)
    return table + f'<p class="note">{text("; ".join(rules))}</p>'


def _collateral(rows: list[CollateralRow]) -> str:
    cells = [
        (
            text(f"{row.asset} at {row.place}"),
            text(shown_amount(row.amount)),
            text(shown_amount(row.value)),
            text(shown_amount(row.credit)),
        )
        for row in rows
    ]
    if not cells:
        return ""
    heads = ("balance", "amount", "value", "credit")
    table = data_table("Collateral", heads, cells)
    drawn = any(row.value is not None and row.credit is not None for row in rows)
    return folded("As a table", table) if drawn else table
