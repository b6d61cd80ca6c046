"""Greeks of accounts in the units that desks quote them in, as values and as a table."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any, final

from rich.table import Table
from rich.text import Text

from crossmargin.domain.columns import BookColumns
from crossmargin.report.amount_text import NOT_AVAILABLE, printable, short_amount
from crossmargin.report.plain_table import cell, named, plain_table
from crossmargin.risk.greek_sums import GreekSums

QUOTED = {
    "delta_coins": ("delta_coins", 1.0),
    "delta_dollars": ("delta_cash", 1.0),
    "gamma_dollars_per_1pc": ("gamma_cash", 0.01),
    "vega_dollars_per_point": ("vega_cash", 0.01),
    "theta_dollars_per_day": ("theta_cash", 1 / 365),
    "rho_dollars_per_1pc": ("rho_cash", 0.01),
}
"""Quoted name -> (Greek of `GreekSums`, its share in one quoted unit)."""

_HEADS = ("delta", "delta $", "gamma $", "vega $", "theta $", "rho $")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GreeksRow:
    """One account's Greeks in one underlying, in the order of `QUOTED`; None where unavailable."""

    account_id: str
    underlying: str
    figures: tuple[float | None, ...]


def greeks_rows(book: BookColumns, sums: GreekSums) -> tuple[GreeksRow, ...]:
    """Rows by account, then underlying; what has no exposure at all is left out."""
    rows = []
    for group, (account, underlying) in enumerate(zip(sums.account, sums.underlying, strict=True)):
        figures = [float(sums.sums[name][group]) * share for name, share in QUOTED.values()]
        if any(figures):
            rows.append(
                GreeksRow(
                    account_id=str(book.account_ids[int(account)]),
                    underlying=book.universe.assets[int(underlying)],
                    figures=tuple(None if x != x else x for x in figures),
                )
            )
    return tuple(rows)


def greeks_values(rows: tuple[GreeksRow, ...]) -> list[dict[str, Any]]:
    """Rows as plain values; null where a listing that is held lacks data."""
    return [
        {
            "account": row.account_id,
            "underlying": row.underlying,
            **dict(zip(QUOTED, row.figures, strict=True)),
            **({"reason": "missing_data"} if None in row.figures else {}),
        }
        for row in rows
    ]


def greeks_table(rows: tuple[GreeksRow, ...]) -> Table:
    """One block per account, with a line for each underlying."""
    table = plain_table("Greeks by underlying", "account", *_HEADS, lines=False)
    for account, block in groupby(rows, key=lambda row: row.account_id):
        table.add_row(named(account))
        for row in block:
            figures = (NOT_AVAILABLE if x is None else short_amount(x) for x in row.figures)
            table.add_row(Text(f"  {printable(row.underlying)}"), *(cell(text) for text in figures))
        table.add_section()
    table.caption = Text("$ per 1 % of the price, per vol point, per day, per 1 % of the rate")
    table.caption_justify = "left"
    return table
