"""Our book format, read strictly: a whole book, or everything that is wrong with it at once."""

from collections.abc import Mapping
from decimal import localcontext
from typing import Any

from crossmargin.base.exact import PRECISE
from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.domain.account import Account, Authority, Entity, MarginMode, NettingSet
from crossmargin.domain.asset import AssetRegistry
from crossmargin.domain.book import Book
from crossmargin.domain.netting_lint import netting_failures
from crossmargin.domain.symbol import resolve_symbol
from crossmargin.wire.assets import (
    ContractTerm,
    alias_rows,
    asset_rows,
    bundled_registry,
    bundled_terms,
    registry_failures,
)
from crossmargin.wire.book_fields import (
    ACCOUNT_FIELDS,
    BOOK_FIELDS,
    ENTITY_FIELDS,
    LISTING_FIELDS,
    NETTING_SET_FIELDS,
)
from crossmargin.wire.draft import Draft
from crossmargin.wire.holdings import (
    place_balances,
    place_loans,
    place_orders,
    place_positions,
    place_reported,
)
from crossmargin.wire.record import read_record, read_records
from crossmargin.wire.recorded import place_recorded
from crossmargin.wire.strict_json import strict_json, strict_value, with_faults


def parse_book(
    data: bytes | Mapping[str, Any],
    *,
    as_of_ns: int,
    registry: AssetRegistry | None = None,
    terms: tuple[ContractTerm, ...] | None = None,
    where: str = "book",
) -> Book:
    """JSON bytes, or the document as plain data -> book; `InputRefused` with all faults at once.

    Nothing is held that has expired at `as_of_ns`. Without `registry` and `terms` those of the
    package count; what the book declares itself wins. Recorded balances with more digits than the
    asset has are rounded against the account; our own form is never rounded.
    """
    faults: list[Failure] = []
    document = (
        strict_json(data, where, faults)
        if isinstance(data, bytes)
        else strict_value(data, where, faults)
    )
    draft = Draft(
        as_of_ns=as_of_ns,
        registry=registry or bundled_registry(),
        terms=bundled_terms() if terms is None else terms,
    )
    with with_faults(faults), localcontext(PRECISE):
        return _book(draft, document, where)


def _book(draft: Draft, document: object, where: str) -> Book:
    failures = draft.failures
    book = read_record(document, BOOK_FIELDS, where, failures)
    _extend_registry(draft, book, where)
    entities = _entities(book.get("entities", ()), f"{where}.entities", failures)
    _override_listings(draft, book.get("listings", ()), f"{where}.listings")
    netting_sets = _netting_sets(book.get("netting_sets", ()), f"{where}.netting_sets", failures)
    holders = _accounts(
        draft, book.get("accounts", ()), f"{where}.accounts", entities, netting_sets
    )
    _check_tree(draft, holders)
    for account, row, place in holders:
        _place_holdings(draft, account, row, place)
    failures += [
        Failure(fault.reason, f"{where}.{fault.where}", fault.message)
        for fault in netting_failures(netting_sets, draft.accounts, entities)
    ]
    refuse_if_any(failures)
    order = {name: number for number, name in enumerate(draft.accounts)}
    return Book(
        entities=entities,
        accounts=draft.accounts,
        netting_sets=netting_sets,
        assets=dict(sorted(draft.assets.items())),
        listings=dict(sorted(draft.listings.items())),
        positions=tuple(sorted(draft.positions, key=lambda x: order[x.account_id])),
        balances=tuple(sorted(draft.balances, key=lambda x: order[x.account_id])),
        loans=tuple(sorted(draft.loans, key=lambda x: order[x.account_id])),
        orders=tuple(sorted(draft.orders, key=lambda x: order[x.account_id])),
        reports=draft.reports,
    )


def _place_holdings(draft: Draft, account: Account, row: dict[str, Any], place: str) -> None:
    if "reported" in row:
        place_reported(draft, account, row["reported"], f"{place}.reported")
    place_positions(draft, account, row.get("positions", ()), f"{place}.positions")
    place_balances(draft, account, row.get("balances", ()), f"{place}.balances")
    place_loans(draft, account, row.get("loans", ()), f"{place}.loans")
    place_orders(draft, account, row.get("orders", ()), f"{place}.orders")
    if "recorded" in row:
        place_recorded(draft, account, row["recorded"], f"{place}.recorded")


def _extend_registry(draft: Draft, book: dict[str, Any], where: str) -> None:
    assets = asset_rows(book.get("assets", ()), f"{where}.assets", draft.failures)
    aliases = alias_rows(book.get("aliases", ()), f"{where}.aliases", draft.failures)
    known = {alias.asset for alias in aliases}
    extended = draft.registry.extended(assets, [])
    sound = [alias for alias in aliases if alias.asset in extended]
    draft.failures += registry_failures(extended, assets, aliases, where)
    if known:
        extended = extended.extended([], sound)
    draft.registry = extended


def _override_listings(draft: Draft, rows: Any, where: str) -> None:
    """Contract terms of the book: first all of them are known, then each must make a listing."""
    given: list[tuple[dict[str, Any], str]] = []
    for row, place in read_records(rows, LISTING_FIELDS, where, draft.failures):
        resolved = resolve_symbol(row["symbol"], draft.registry, f"{place}.symbol")
        if isinstance(resolved, Failure):
            draft.failures.append(resolved)
            continue
        key = (row["venue"], resolved.economic_id)
        if key in draft.overrides:
            draft.refuse(Reason.DUPLICATE, place, f"{key[0]}:{key[1]} stands twice")
            continue
        draft.overrides[key] = row
        given.append((row, place))
    for row, place in given:
        draft.listing(row["venue"], row["symbol"], place)


def _entities(rows: Any, where: str, failures: list[Failure]) -> dict[str, Entity]:
    entities: dict[str, Entity] = {}
    affiliates: list[tuple[str, str]] = []
    for row, place in read_records(rows, ENTITY_FIELDS, where, failures):
        if row["id"] in entities:
            failures.append(Failure(Reason.DUPLICATE, f"{place}.id", f"{row['id']} stands twice"))
        entities[row["id"]] = Entity(
            entity_id=row["id"],
            name=row["name"],
            house=row["house"],
            affiliates=row.get("affiliates", ()),
        )
        affiliates += [(name, f"{place}.affiliates") for name in row.get("affiliates", ())]
    failures += [
        Failure(Reason.UNKNOWN_ACCOUNT, place, f"no entity {name}")
        for name, place in affiliates
        if name not in entities
    ]
    return entities


def _netting_sets(rows: Any, where: str, failures: list[Failure]) -> dict[str, NettingSet]:
    sets: dict[str, NettingSet] = {}
    for row, place in read_records(rows, NETTING_SET_FIELDS, where, failures):
        name = row.pop("id")
        if name in sets:
            failures.append(Failure(Reason.DUPLICATE, f"{place}.id", f"{name} stands twice"))
        sets[name] = NettingSet(netting_set_id=name, **row)
    return sets


def _accounts(
    draft: Draft,
    rows: Any,
    where: str,
    entities: Mapping[str, Entity],
    netting_sets: Mapping[str, NettingSet],
) -> list[tuple[Account, dict[str, Any], str]]:
    set_of = {
        member: name for name, s in reversed(list(netting_sets.items())) for member in s.members
    }
    holders: list[tuple[Account, dict[str, Any], str]] = []
    for row, place in read_records(rows, ACCOUNT_FIELDS, where, draft.failures, partly=True):
        name = row["id"]
        if name in draft.accounts:
            draft.refuse(Reason.DUPLICATE, f"{place}.id", f"{name} stands twice")
            continue
        if row["entity"] not in entities:
            draft.refuse(Reason.UNKNOWN_ACCOUNT, f"{place}.entity", f"no entity {row['entity']}")
        account = Account(
            account_id=name,
            entity_id=row["entity"],
            venue=row["venue"],
            parent_id=row.get("parent"),
            mode=row.get("mode", MarginMode.CROSS),
            netting_set_id=set_of.get(name),
            recipe=row.get("recipe"),
            settings=row.get("settings", {}),
            authority=row.get("authority", Authority.ADVISE),
        )
        draft.accounts[name] = account
        holders.append((account, row, place))
    return holders


def _check_tree(draft: Draft, holders: list[tuple[Account, dict[str, Any], str]]) -> None:
    """Parents exist, have the same entity and venue, are no buckets, and lead to a root."""
    accounts = draft.accounts
    for account, _, place in holders:
        if account.parent_id is None:
            continue
        where = f"{place}.parent"
        parent = accounts.get(account.parent_id)
        if parent is None:
            draft.refuse(Reason.UNKNOWN_ACCOUNT, where, f"no account {account.parent_id}")
            continue
        if _is_in_a_circle(account, accounts):
            draft.refuse(Reason.CYCLE, where, f"{account.account_id} is above itself")
        if (parent.entity_id, parent.venue) != (account.entity_id, account.venue):
            draft.refuse(
                Reason.CONTRADICTION, where, f"{parent.account_id} has another entity or venue"
            )
        if parent.mode is MarginMode.ISOLATED:
            draft.refuse(
                Reason.CONTRADICTION, where, f"the isolated bucket {parent.account_id} is a leaf"
            )


def _is_in_a_circle(account: Account, accounts: Mapping[str, Account]) -> bool:
    seen = {account.account_id}
    above = account.parent_id
    while above is not None and above in accounts:
        if above == account.account_id:
            return True
        if above in seen:
            return False
        seen.add(above)
        above = accounts[above].parent_id
    return False
