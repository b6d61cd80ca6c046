"""Specific wrong-way collateral: what fails together with whoever pledges or keeps it."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.rulebook.charge.collateral_place import Holdings
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.market_totals import owner_numbers

F8 = NDArray[np.float64]

LINK = "/"


def wrong_way_weight(context: Context, held: Holdings, links: tuple[str, ...]) -> F8:
    """(rows,) 0 where the issuer of a coin is legally linked to its holder or its venue, else 1.

    `links` are "issuer/party" each, the party an owner, a venue or an affiliate that has links of
    its own: one legal link of a published table, and what is linked to a party is linked to the
    issuer. An issuer is linked to itself. A coin that wraps another has the issuers of both. NaN
    for an issuer of the table whose holder has no name: nobody can say that they are strangers.
    `InputRefused` for what is no link.
    """
    weight = np.ones(len(held.account))
    if not links:
        return weight
    table = _table(context, links)
    venues, names = context.balances.places, context.owner_names
    number = owner_numbers(context)
    owner, venue = context.owner[held.account], held.places["venue"]
    nameless = (owner < 0) | (not names)
    for asset in np.unique(held.asset).tolist():
        issuers = _issuers(context, asset)
        own = held.asset == asset
        parties = {each for issuer in issuers for each in (issuer, *table.get(issuer, ()))}
        kept = np.isin(venue, [i for i, name in enumerate(venues) if name in parties])
        linked = kept | np.isin(owner, [number[name] for name in parties if name in number])
        weight[own & linked] = 0.0
        if any(issuer in table for issuer in issuers):
            weight[own & ~linked & nameless] = np.nan
    return weight


def _table(context: Context, links: tuple[str, ...]) -> dict[str, set[str]]:
    """Issuer -> parties, those of its parties among them."""
    where = f"recipe {context.run.terms.name}, wrong_way"
    table: dict[str, set[str]] = {}
    failures = []
    for link in links:
        issuer, slash, party = link.partition(LINK)
        if not (issuer and slash and party):
            failures.append(Failure(Reason.WRONG_TYPE, where, f"{link!r} is not issuer/party"))
        table.setdefault(issuer, set()).add(party)
    refuse_if_any(failures)
    return {issuer: _reached(table, issuer) for issuer in table}


def _reached(table: dict[str, set[str]], issuer: str) -> set[str]:
    """Whoever a name leads to, link by link."""
    found: set[str] = set()
    ahead = [issuer]
    while ahead:
        for party in table.get(ahead.pop(), ()):
            if party not in found:
                found.add(party)
                ahead.append(party)
    return found


def _issuers(context: Context, asset: int) -> tuple[str, ...]:
    """Who issued an asset, and what it wraps, all the way down."""
    return context.run.keep(("issuers", asset), lambda: _found_issuers(context, asset))


def _found_issuers(context: Context, asset: int) -> tuple[str, ...]:
    facts = context.run.priced.assets
    code: str | None = context.run.universe.assets[asset]
    found: list[str] = []
    seen: set[str] = set()
    while code is not None and code in facts and code not in seen:
        seen.add(code)
        fact = facts[code]
        if fact.issuer is not None:
            found.append(fact.issuer)
        code = fact.wraps
    return tuple(found)
