"""What each balance is worth and what credit it gives, read off the equity trees of a statement."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from crossmargin.domain.book import Book
from crossmargin.report.exhibit import CollateralRow
from crossmargin.report.totals import silos
from crossmargin.rulebook.statement_types import AccountFigures, NodeFigures, Statement

_CREDITS = {"cash", "collateral"}


def collateral_rows(
    statement: Statement, book: Book, dollars: Mapping[str, float]
) -> tuple[CollateralRow, ...]:
    """A row per account and asset. `dollars` is the index of each asset.

    Credit is the part that the asset has in the cash and collateral of the liquidation level's
    equity; None where the account's rulebook does not explain it, value None without an index.
    """
    rows = {row.account_id: row for row in silos(statement)}
    held: dict[tuple[str, str], Decimal] = {}
    places: dict[tuple[str, str], dict[str, None]] = {}
    for balance in book.balances:
        key = (balance.account_id, balance.asset)
        coins = Decimal(balance.amount_units).scaleb(-book.assets[balance.asset].decimals)
        held[key] = held.get(key, Decimal(0)) + coins
        location = balance.location
        names = (location.venue, location.chain, location.bridge, location.custodian)
        places.setdefault(key, {}).update(dict.fromkeys(name for name in names if name))
    for loan in book.loans:
        key = (loan.account_id, loan.asset)
        owed = Decimal(loan.amount_units + loan.interest_units)
        decimals = book.assets[loan.asset].decimals
        held[key] = held.get(key, Decimal(0)) - owed.scaleb(-decimals)
        places.setdefault(key, {})["loan"] = None
    credit_of = {account: credit_by_asset(row, dollars) for account, row in rows.items()}
    return tuple(
        CollateralRow(
            account_id=account,
            venue=rows[account].venue,
            asset=asset,
            place=", ".join(places[account, asset]),
            amount=amount,
            value=_worth(amount, dollars.get(asset)),
            credit=credit_of[account].get(asset) if credit_of[account] else None,
            reporting=rows[account].reporting,
        )
        for (account, asset), amount in sorted(held.items())
        if account in rows
    )


def credit_by_asset(row: AccountFigures, dollars: Mapping[str, float]) -> dict[str, Decimal]:
    """What each asset adds to the liquidation level's equity; empty without trees.

    A rulebook that keeps settlement assets apart counts each pocket in its own coin: its parts are
    taken to dollars at the index.
    """
    pair = row.trees.get(row.liquidation_level)
    credit: dict[str, Decimal] = {}
    if pair is not None:
        for asset, amount in _parts(pair[0], dollars, Decimal(1)):
            credit[asset] = credit.get(asset, Decimal(0)) + amount
    return credit


def _parts(
    node: NodeFigures, dollars: Mapping[str, float], rate: Decimal
) -> Iterator[tuple[str, Decimal]]:
    if node.operation == "pocket":
        rate = Decimal(repr(dollars.get(node.name, 1.0)))
    if node.operation in _CREDITS:
        yield from ((part.holding, part.amount * rate) for part in node.parts)
    for child in node.children:
        if child.winner:
            yield from _parts(child, dollars, rate)


def _worth(amount: Decimal, price: float | None) -> Decimal | None:
    return None if price is None or price != price else amount * Decimal(repr(price))
