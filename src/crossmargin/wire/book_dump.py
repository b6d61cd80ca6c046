"""A book as our JSON: what `parse_book` reads back as the same book."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossmargin.base.exact import PRECISE, decimal_text
from crossmargin.base.instant import instant_text
from crossmargin.domain.account import Account, NettingSet
from crossmargin.domain.asset import Asset, AssetRegistry
from crossmargin.domain.book import Book
from crossmargin.domain.holding import Balance, Loan, Order, Position, VenueReport
from crossmargin.domain.instrument import Listing, expiry_of
from crossmargin.domain.symbol import quoted_name
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.book_fields import BOOK_SCHEMA


def dump_book(book: Book, registry: AssetRegistry | None = None) -> bytes:
    """Book -> UTF-8 JSON in our form, amounts as decimal strings, every contract term written out.

    Assets and aliases that `registry` (the package's) has are left out; positions carry their cost.
    """
    known = registry or bundled_registry()
    document: dict[str, Any] = {
        "schema": BOOK_SCHEMA,
        "assets": [
            _asset(asset)
            for asset in book.assets.values()
            if known.resolve(asset.code) != (asset, Decimal(1))
        ],
        "aliases": _aliases(book, known),
        "entities": [
            _present(id=x.entity_id, name=x.name, house=x.house, affiliates=list(x.affiliates))
            for x in book.entities.values()
        ],
        "listings": [_listing(x) for x in book.listings.values()],
        "netting_sets": [_netting_set(x) for x in book.netting_sets.values()],
        "accounts": _accounts(book),
    }
    kept = {
        name: value for name, value in document.items() if value or name in ("entities", "accounts")
    }
    return json.dumps(kept, indent=1, ensure_ascii=False).encode()


def _accounts(book: Book) -> list[dict[str, Any]]:
    symbols = {listing.listing_id: listing.economic_id for listing in book.listings.values()}
    held: dict[str, dict[str, list[dict[str, Any]]]] = {
        name: {"positions": [], "balances": [], "loans": [], "orders": []} for name in book.accounts
    }
    for position in book.positions:
        held[position.account_id]["positions"].append(_position(position, symbols))
    for balance in book.balances:
        held[balance.account_id]["balances"].append(_balance(balance, book.assets))
    for loan in book.loans:
        held[loan.account_id]["loans"].append(_loan(loan, book.assets))
    for order in book.orders:
        held[order.account_id]["orders"].append(_order(order, symbols))
    return [
        _present(
            **_account(account),
            **held[name],
            reported=_report(book.reports[name], symbols) if name in book.reports else None,
        )
        for name, account in book.accounts.items()
    ]


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.account_id,
        "entity": account.entity_id,
        "venue": account.venue,
        "parent": account.parent_id,
        "mode": account.mode.value,
        "recipe": account.recipe,
        "settings": dict(account.settings),
        "authority": account.authority.value,
    }


def _position(position: Position, symbols: Mapping[str, str]) -> dict[str, Any]:
    return _present(
        listing=symbols[position.listing_id],
        contracts=decimal_text(position.contracts),
        cost=_number(position.cost_settle),
        settlement_style=position.settlement_style.value,
        funding_accrued=_number(position.funding_accrued or None),
    )


def _balance(balance: Balance, assets: Mapping[str, Asset]) -> dict[str, Any]:
    place = balance.location
    return _present(
        asset=balance.asset,
        amount=_coins(balance.amount_units, assets[balance.asset]),
        state=balance.state.value,
        venue=place.venue,
        chain=place.chain,
        bridge=place.bridge,
        custodian=place.custodian,
    )


def _loan(loan: Loan, assets: Mapping[str, Asset]) -> dict[str, Any]:
    asset = assets[loan.asset]
    return _present(
        id=loan.loan_id,
        asset=loan.asset,
        amount=_coins(loan.amount_units, asset),
        interest=_coins(loan.interest_units, asset),
        rate_per_year=decimal_text(loan.rate_per_year),
        lender=loan.lender,
    )


def _order(order: Order, symbols: Mapping[str, str]) -> dict[str, Any]:
    return _present(
        id=order.order_id,
        listing=symbols[order.listing_id],
        side=order.side.value,
        contracts=decimal_text(order.contracts),
        limit_price=_number(order.limit_price),
        kind=order.kind.value,
        reduce_only=order.reduce_only,
    )


def _report(report: VenueReport, symbols: Mapping[str, str]) -> dict[str, Any]:
    return _present(
        currency=report.currency,
        source=report.source,
        figures={word: decimal_text(figure) for word, figure in report.figures.items()},
        liquidation_prices={
            symbols[name]: decimal_text(price) for name, price in report.liquidation_prices.items()
        },
        tolerance_frac=decimal_text(report.tolerance_frac),
    )


def _listing(listing: Listing) -> dict[str, Any]:
    expiry_ns = expiry_of(listing.instrument)
    return _present(
        venue=listing.venue,
        symbol=listing.economic_id,
        native_symbol=listing.native_symbol,
        contract_size=decimal_text(listing.contract_size),
        contract_step=decimal_text(listing.contract_step),
        contracts_min=decimal_text(listing.contracts_min),
        expiry=None if expiry_ns is None else instant_text(expiry_ns),
        index=listing.index_id,
        settlement_rule=listing.settlement_rule,
    )


def _netting_set(netting_set: NettingSet) -> dict[str, Any]:
    return _present(
        id=netting_set.netting_set_id,
        members=list(netting_set.members),
        counterparty_legal_entity=netting_set.counterparty_legal_entity,
        agreement=netting_set.agreement,
        close_out_netting_opinion=netting_set.close_out_netting_opinion.value,
        opinion_date=netting_set.opinion_date,
        opinion_law=netting_set.opinion_law,
        collateral_form=netting_set.collateral_form,
        reuse_right=netting_set.reuse_right,
        cross_default=netting_set.cross_default,
    )


def _asset(asset: Asset) -> dict[str, Any]:
    return _present(
        code=asset.code,
        decimals=asset.decimals,
        **{"class": asset.asset_class.value},
        issuer=asset.issuer,
        issuer_family=asset.issuer_family,
        wraps=asset.wraps,
        peg=asset.peg,
    )


def _aliases(book: Book, known: AssetRegistry) -> list[dict[str, Any]]:
    """The names of multiplied units that `known` does not have."""
    wanted = {
        quoted_name(x.instrument.underlying, x.multiplier): (x.instrument.underlying, x.multiplier)
        for x in book.listings.values()
        if x.multiplier != 1
    }
    rows = []
    for name, (code, multiplier) in sorted(wanted.items()):
        resolved = known.resolve(name)
        if resolved is None or (resolved[0].code, resolved[1]) != (code, multiplier):
            rows.append({"alias": name, "asset": code, "multiplier": decimal_text(multiplier)})
    return rows


def _coins(units: int, asset: Asset) -> str:
    return decimal_text(Decimal(units).scaleb(-asset.decimals, PRECISE))


def _number(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


def _present(**fields: Any) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, [], {})}
