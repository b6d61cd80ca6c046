"""Positions, balances, loans, orders and reported figures in our own form, into a draft."""

from decimal import Decimal
from typing import Any

from crossmargin.base.failure import Reason
from crossmargin.domain.account import Account
from crossmargin.domain.holding import (
    Balance,
    BalanceState,
    Loan,
    Location,
    Order,
    OrderKind,
    Position,
    VenueReport,
)
from crossmargin.domain.instrument import Listing, Option, SettlementStyle
from crossmargin.wire.book_fields import (
    BALANCE_FIELDS,
    LOAN_FIELDS,
    ORDER_FIELDS,
    POSITION_FIELDS,
    REPORTED_FIELDS,
)
from crossmargin.wire.draft import COST_LIMIT, Draft, value_at_price
from crossmargin.wire.record import read_record, read_records


def place_positions(draft: Draft, account: Account, rows: Any, where: str) -> None:
    """Position records: the cost is given, or follows from the entry price, or is unknown."""
    for row, place in read_records(rows, POSITION_FIELDS, where, draft.failures):
        listing = draft.held_listing(account.venue, row["listing"], f"{place}.listing")
        if listing is None or not _entry_is_sound(draft, row, listing, place):
            continue
        cost = row.get("cost")
        if "entry_price" in row:
            cost = value_at_price(listing, row["contracts"], row["entry_price"])
        if cost is not None and abs(cost) >= COST_LIMIT:
            draft.refuse(Reason.OVERFLOW, place, "the cost has more than 24 digits")
            continue
        draft.positions.append(
            Position(
                account_id=account.account_id,
                listing_id=listing.listing_id,
                contracts=row["contracts"],
                cost_settle=cost,
                settlement_style=row.get("settlement_style", SettlementStyle.ON_CLOSE),
                funding_accrued=row.get("funding_accrued", Decimal(0)),
            )
        )


def place_balances(draft: Draft, account: Account, rows: Any, where: str) -> None:
    """Balance records: an amount must be a whole number of the asset's smallest units."""
    for row, place in read_records(rows, BALANCE_FIELDS, where, draft.failures):
        read = _units(draft, row["asset"], row["amount"], place, "amount")
        if read is None:
            continue
        code, units = read
        draft.balances.append(
            Balance(
                account_id=account.account_id,
                asset=code,
                amount_units=units,
                location=Location(
                    venue=row.get("venue", account.venue),
                    chain=row.get("chain"),
                    bridge=row.get("bridge"),
                    custodian=row.get("custodian"),
                ),
                state=row.get("state", BalanceState.FREE),
            )
        )


def place_loans(draft: Draft, account: Account, rows: Any, where: str) -> None:
    """Loan records."""
    for row, place in read_records(rows, LOAN_FIELDS, where, draft.failures):
        draft.claim("loan", row["id"], f"{place}.id")
        owed = _units(draft, row["asset"], row["amount"], place, "amount")
        interest = _units(draft, row["asset"], row.get("interest", Decimal(0)), place, "interest")
        if owed is None or interest is None:
            continue
        draft.loans.append(
            Loan(
                loan_id=row["id"],
                account_id=account.account_id,
                asset=owed[0],
                amount_units=owed[1],
                interest_units=interest[1],
                rate_per_year=row.get("rate_per_year", Decimal(0)),
                lender=row.get("lender"),
            )
        )


def place_orders(draft: Draft, account: Account, rows: Any, where: str) -> None:
    """Order records: a limit order has a limit price, a market order none."""
    for row, place in read_records(rows, ORDER_FIELDS, where, draft.failures):
        draft.claim("order", row["id"], f"{place}.id")
        listing = draft.held_listing(account.venue, row["listing"], f"{place}.listing")
        kind = row.get("kind", OrderKind.LIMIT)
        if kind is OrderKind.LIMIT and "limit_price" not in row:
            draft.refuse(Reason.MISSING_FIELD, f"{place}.limit_price", "a limit order has one")
        if kind is OrderKind.MARKET and "limit_price" in row:
            draft.refuse(Reason.CONTRADICTION, f"{place}.limit_price", "a market order has none")
        if listing is None:
            continue
        draft.orders.append(
            Order(
                order_id=row["id"],
                account_id=account.account_id,
                listing_id=listing.listing_id,
                side=row["side"],
                contracts=row["contracts"],
                limit_price=row.get("limit_price"),
                kind=kind,
                reduce_only=row.get("reduce_only", False),
            )
        )


def place_reported(draft: Draft, account: Account, value: Any, where: str) -> None:
    """The venue's own figures, typed by hand or by another program."""
    before = len(draft.failures)
    row = read_record(value, REPORTED_FIELDS, where, draft.failures)
    if len(draft.failures) > before:
        return
    known = draft.asset(row["currency"], f"{where}.currency")
    prices: dict[str, Decimal] = {}
    for symbol, price in row.get("liquidation_prices", {}).items():
        listing = draft.listing(account.venue, symbol, f"{where}.liquidation_prices.{symbol}")
        if listing is not None:
            prices[listing.listing_id] = price
    if known is None:
        return
    draft.reports[account.account_id] = VenueReport(
        account_id=account.account_id,
        currency=known[0].code,
        source=row["source"],
        figures=row.get("figures", {}),
        liquidation_prices=prices,
        tolerance_frac=row.get("tolerance_frac", Decimal("0.005")),
    )


def _entry_is_sound(draft: Draft, row: dict[str, Any], listing: Listing, place: str) -> bool:
    if "entry_price" not in row:
        return True
    if "cost" in row:
        draft.refuse(Reason.CONTRADICTION, f"{place}.cost", "give entry_price or cost, not both")
        return False
    if row["entry_price"] == 0 and not isinstance(listing.instrument, Option):
        draft.refuse(Reason.OUT_OF_BOUNDS, f"{place}.entry_price", "0 is not above zero")
        return False
    return True


def _units(
    draft: Draft, name: str, amount: Decimal, where: str, field: str
) -> tuple[str, int] | None:
    known = draft.asset(name, f"{where}.asset")
    if known is None:
        return None
    units = draft.units(known[0], amount * known[1], f"{where}.{field}")
    return None if units is None else (known[0].code, units)
