"""Tables of what could happen: liquidation moves, lost places; and what the venues themselves
report.
"""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from crossmargin.report.amount_text import (
    NOT_AVAILABLE,
    printable,
    shown_amount,
    shown_move,
)
from crossmargin.report.plain_table import cell, named, plain_table
from crossmargin.rulebook.statement_types import AccountFigures, Crossing, Loss

JOINT = "all by beta"


def liquidation_table(rows: Sequence[AccountFigures]) -> Table:
    """Per account and asset: how far down and up until the account is liquidated, all else held."""
    title = "Liquidation moves, by full revaluation of all positions and collateral"
    table = plain_table(title, "account", "what", "down", "up")
    rules = sorted({crossing.vol_rule for row in rows for crossing in row.liquidation})
    table.caption = Text("; ".join(printable(rule) for rule in rules))
    table.caption_justify = "left"
    for row in rows:
        who = named(row.account_id)
        for asset, (down, up) in crossings_by_asset(row).items():
            what = Text(JOINT if asset is None else printable(asset))
            table.add_row(who, what, cell(crossing_text(down)), cell(crossing_text(up)))
            who = Text("")
    return table


def crossings_by_asset(
    row: AccountFigures,
) -> dict[str | None, tuple[Crossing | None, Crossing | None]]:
    """Per asset (None: all by their betas) the crossing downwards and the one upwards."""
    pairs: dict[str | None, tuple[Crossing | None, Crossing | None]] = {}
    for crossing in row.liquidation:
        down, up = pairs.get(crossing.asset, (None, None))
        is_down = crossing.direction == "down"
        pairs[crossing.asset] = (crossing if is_down else down, up if is_down else crossing)
    return pairs


def crossing_text(crossing: Crossing | None) -> str:
    """Where the buffer reaches zero, or why it does not."""
    if crossing is None:
        return NOT_AVAILABLE
    if crossing.move is None:
        reason = printable((crossing.reason or NOT_AVAILABLE).replace("_", " "))
        if crossing.reason != "not_reachable":
            return reason
        end = crossing.searched[0 if crossing.direction == "down" else 1]
        return f"{reason}\nwithin {shown_move(end)}"
    text = shown_move(crossing.move)
    if crossing.price is not None:
        text += (
            f"\nat {crossing.price:,.6g}" if crossing.price < 1e4 else f"\nat {crossing.price:,.0f}"
        )
    return text + ("\nand recovers beyond" if crossing.non_monotone else "")


def reported_table(rows: Sequence[AccountFigures]) -> Table:
    """The venue's own figure beside ours. It is shown, and never used."""
    table = plain_table(
        "The venue's own figures beside ours",
        *("account", "what", "ours", "venue's", "difference", "within"),
    )
    for row in rows:
        who = named(row.account_id)
        for figure in row.reported:
            within = {True: "yes", False: "NO", None: NOT_AVAILABLE}[figure.within]
            table.add_row(
                who,
                Text(printable(figure.name)),
                cell(shown_amount(figure.ours)),
                cell(shown_amount(figure.reported)),
                cell(shown_amount(figure.difference)),
                Text(
                    f"{within} ({shown_amount(figure.tolerance)})",
                    style="bold" if within == "NO" else "",
                ),
            )
            who = Text("")
    return table


def loss_table(losses: Sequence[Loss]) -> Table:
    """What if a place or an issuer is lost: its collateral counts zero, positions stay."""
    table = plain_table("If one of these is lost", "what", "credit lost", "shortfalls")
    for loss in losses:
        what = named(loss.name)
        what.append(f"\n{printable(loss.kind)}", style="dim")
        short = [
            f"{printable(name)} {shown_amount(amount)}" for name, amount in loss.shortfalls.items()
        ]
        table.add_row(what, cell(shown_amount(loss.credit_lost)), cell("\n".join(short) or "none"))
    return table
