"""Why an account's figures are unavailable, in words that name the holding and what it lacks."""

from collections.abc import Mapping

import numpy as np

from crossmargin.rulebook.context import Context
from crossmargin.rulebook.selection import FUTURES


def _any_missing(context: Context) -> bool:
    """Whether any row of the batch may lack a mark, a cost, a revaluation or a price."""
    run, p, b = context.run, context.positions, context.balances
    lost = np.isnan(context.field("mark_value"))
    for scan in run.scans.values():
        lost = lost | scan.missing
    return bool(
        np.isnan(p.cost).any()
        or (lost.any() and lost[p.instrument].any())
        or np.isnan(run.asset_rate()[b.asset]).any()
    )


def missing_reasons(context: Context) -> Mapping[int, tuple[str, ...]]:
    """Account of the book -> a sentence for every holding whose figures are missing."""
    if not _any_missing(context):
        return {}
    run, p, b = context.run, context.positions, context.balances
    u = run.universe
    held = p.contracts != 0.0
    no_mark = held & np.isnan(context.field("mark_value")[p.instrument])
    no_entry = held & np.isnan(p.cost) & run.chosen(FUTURES)[p.instrument]
    unpriced = np.zeros(len(p.account), dtype=np.bool_)
    for scan in run.scans.values():
        unpriced |= held & scan.missing[p.instrument]
    found: dict[int, list[str]] = {}
    for rows, what in (
        (no_mark, "has no mark"),
        (no_entry, "has no entry price or cost"),
        (unpriced & ~no_mark, "cannot be revalued: vol, forward or price is missing"),
    ):
        for row in np.flatnonzero(rows):
            account = int(p.account[row]) + context.first_account
            found.setdefault(account, []).append(f"{u.name_of(int(p.instrument[row]))} {what}")
    no_price = (b.amount != 0.0) & np.isnan(run.asset_rate()[b.asset])
    for row in np.flatnonzero(no_price):
        account = int(b.account[row]) + context.first_account
        found.setdefault(account, []).append(f"{u.assets[b.asset[row]]} has no price")
    return {account: tuple(dict.fromkeys(words)) for account, words in found.items()}
