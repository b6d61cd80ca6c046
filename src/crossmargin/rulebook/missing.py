"""Why an account's figures are unavailable, in words that name the holding and what it lacks."""

from collections.abc import Mapping, Sequence

import numpy as np

from crossmargin.rulebook.context import Context
from crossmargin.rulebook.evaluate import Answer
from crossmargin.rulebook.group_label import group_label
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.rulebook.selection import FUTURES


def _any_missing(context: Context) -> bool:
    """Whether any row of the batch may lack a mark, a cost, a revaluation or a price."""
    run, p, b = context.run, context.positions, context.balances
    lost = np.isnan(context.field("mark_value"))
    for scan in run.scans.values():
        lost |= scan.missing
    return bool(
        (run.chosen(FUTURES).any() and np.isnan(p.cost).any())
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


def unexplained_reasons(
    context: Context,
    roots: Sequence[tuple[str, Answer]],
    explained: Mapping[int, tuple[str, ...]],
) -> Mapping[int, tuple[str, ...]]:
    """Account of the book -> the nodes without a figure, for accounts that no holding explains."""
    found: dict[int, list[str]] = {}
    for name, answer in roots:
        for own in np.flatnonzero(np.isnan(answer.outcome.amount)).tolist():
            account = own + context.first_account
            if account not in explained:
                found.setdefault(account, []).append(f"{name}: {_lost(context, answer, own)}")
    return {account: tuple(dict.fromkeys(words)) for account, words in found.items()}


def _lost(context: Context, answer: Answer, group: int) -> str:
    """The lowest node that has no figure, where, and what it may lack."""
    for below in answer.children:
        groups = [group]
        if below.at != answer.at:
            parent = parent_groups(context, below.at, answer.at)
            groups = np.flatnonzero(parent == group).tolist()
        for each in groups:
            if np.isnan(below.outcome.amount[each]):
                return _lost(context, below, each)
    label = group_label(context, answer.at, group)
    place = "" if label is None else f" of {label}"
    return f"{answer.node.name}{place} lacks a price, a rate or an entry of a parameter"
