"""Our market file -> snapshot, listings and history, or everything that is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar, final

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_DAY, instant_text
from crossmargin.domain.asset import AssetRegistry
from crossmargin.domain.instrument import Listing
from crossmargin.domain.symbol import ResolvedSymbol, resolve_symbol
from crossmargin.market.history import ReturnHistory
from crossmargin.market.quoted import Quoted, Source
from crossmargin.market.snapshot import AssetQuote, ExpiryQuote, ListingQuote, MarketSnapshot
from crossmargin.market.totals import MarketTotals
from crossmargin.wire.assets import ContractTerm
from crossmargin.wire.chain import OptionChain, read_chain
from crossmargin.wire.history import read_daily_closes, read_vol_index
from crossmargin.wire.market_fields import (
    ASSET_QUOTES,
    ASSET_RECORD,
    CONFIDENCE,
    EXPIRY_QUOTES,
    EXPIRY_RECORD,
    HISTORY_RECORD,
    INCLUDE_RECORD,
    LISTING_QUOTES,
    LISTING_RECORD,
    MARKET_RECORD,
)
from crossmargin.wire.market_quote import read_named_quotes, read_quotes, source_of
from crossmargin.wire.market_totals import read_totals
from crossmargin.wire.number import kind_of
from crossmargin.wire.record import Fields, read_record, read_records
from crossmargin.wire.strict_json import strict_json, with_faults

ReadInclude = Callable[[str], bytes]
"""A reference such as package:NAME -> the bytes it stands for, or `InputRefused`."""

Entry = TypeVar("Entry", AssetQuote, ExpiryQuote, ListingQuote)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketInput:
    """What a market file holds. `listings` are those of its chains, with their contract terms."""

    snapshot: MarketSnapshot
    listings: Mapping[str, Listing]
    prices: ReturnHistory | None
    vol_index: ReturnHistory | None


def read_market(
    data: bytes,
    read_include: ReadInclude,
    registry: AssetRegistry,
    terms: tuple[ContractTerm, ...],
    where: str = "market",
) -> MarketInput:
    """JSON bytes -> market; `read_include` resolves the files it refers to.

    A figure written in the file goes before one of an included chain. Raises `InputRefused` with
    all failures: unknown fields, assets and symbols, numbers out of bounds, figures without a
    source, entries that stand twice, a low above a high, a bid above an ask, chains of another day.
    """
    faults: list[Failure] = []
    document = strict_json(data, where, faults)
    with with_faults(faults):
        return _market(document, read_include, registry, terms, where)


def _market(
    document: object,
    read_include: ReadInclude,
    registry: AssetRegistry,
    terms: tuple[ContractTerm, ...],
    where: str,
) -> MarketInput:
    failures: list[Failure] = []
    record = read_record(document, MARKET_RECORD, where, failures)
    source = source_of(record, where, failures)
    chains = _chains(record, read_include, registry, terms, where, failures)
    reader = _Reader(registry, source, failures)
    assets = reader.assets(record.get("assets", []), f"{where}.assets")
    expiries = reader.expiries(record.get("expiries", []), f"{where}.expiries")
    listings = reader.listings(record.get("listings", []), f"{where}.listings")
    as_of_ns, sequence = record.get("as_of", 0), record.get("sequence", 0)
    totals = MarketTotals(as_of_ns=as_of_ns, sequence=sequence)
    if "totals" in record:
        place = f"{where}.totals"
        totals = read_totals(record["totals"], sequence, registry, source, place, failures)
    prices, vol_index = _history(record, read_include, where, failures)
    refuse_if_any(failures)
    for chain in chains:
        assets = _under(assets, chain.assets)
        expiries = _under(expiries, chain.expiries)
        listings = _under(listings, chain.quotes)
    return MarketInput(
        snapshot=MarketSnapshot(
            as_of_ns=as_of_ns,
            sequence=sequence,
            assets=assets,
            expiries=expiries,
            listings=listings,
            totals=totals,
        ),
        listings={name: x for chain in chains for name, x in chain.listings.items()},
        prices=prices,
        vol_index=vol_index,
    )


@final
class _Reader:
    """Reads the entries of one file; what is wrong is collected in `failures`."""

    __slots__ = ("failures", "registry", "source")

    def __init__(
        self, registry: AssetRegistry, source: Source | None, failures: list[Failure]
    ) -> None:
        self.registry = registry
        self.source = source
        self.failures = failures

    def assets(self, rows: object, where: str) -> dict[str, AssetQuote]:
        found: dict[str, AssetQuote] = {}
        for row, place in self._records(rows, ASSET_RECORD, where):
            code, source = self._asset(row, "asset", place), self._source(row, place)
            quotes = read_quotes(row, ASSET_QUOTES, source, place, self.failures)
            confidence = read_named_quotes(
                row.get("confidence", {}), CONFIDENCE, source, f"{place}.confidence", self.failures
            )
            entry = AssetQuote(asset=code, confidence=confidence, **quotes)
            self._in_order(entry.low, entry.high, f"{place}.low", "above the high")
            self._once(found, code, entry, place)
        return found

    def expiries(self, rows: object, where: str) -> dict[tuple[str, int], ExpiryQuote]:
        found: dict[tuple[str, int], ExpiryQuote] = {}
        for row, place in self._records(rows, EXPIRY_RECORD, where):
            code, source = self._asset(row, "underlying", place), self._source(row, place)
            quotes = read_quotes(row, EXPIRY_QUOTES, source, place, self.failures)
            entry = ExpiryQuote(underlying=code, expiry_ns=row.get("expiry", 0), **quotes)
            self._in_order(
                entry.forward_settled,
                entry.forward,
                f"{place}.forward_settled",
                "above the forward",
            )
            self._once(found, (code, entry.expiry_ns), entry, place)
        return found

    def listings(self, rows: object, where: str) -> dict[str, ListingQuote]:
        found: dict[str, ListingQuote] = {}
        for row, place in self._records(rows, LISTING_RECORD, where):
            source = self._source(row, place)
            quotes = read_quotes(row, LISTING_QUOTES, source, place, self.failures)
            named = self._symbol(row, f"{place}.listing")
            if named is None:
                continue
            venue, symbol = named
            entry = ListingQuote(
                listing_id=f"{venue}:{symbol.economic_id}",
                instrument=symbol.instrument,
                multiplier=float(symbol.multiplier),
                **quotes,
            )
            self._in_order(entry.bid, entry.ask, f"{place}.bid", "above the ask")
            self._once(found, entry.listing_id, entry, place)
        return found

    def _records(
        self, rows: object, record: Fields, where: str
    ) -> Iterator[tuple[dict[str, Any], str]]:
        """Every record, faulty ones too, so that all that is wrong with them is found."""
        if not isinstance(rows, list):
            message = f"a list was expected, not {kind_of(rows)}"
            self._fail(Reason.WRONG_TYPE, where, message)
            return
        for index, row in enumerate(rows):
            place = f"{where}[{index}]"
            yield read_record(row, record, place, self.failures), place

    def _symbol(self, row: Mapping[str, Any], where: str) -> tuple[str, ResolvedSymbol] | None:
        if "listing" not in row:
            return None
        venue, colon, text = row["listing"].partition(":")
        if not venue or not colon:
            self._fail(Reason.UNKNOWN_SYMBOL, where, "venue:unified symbol was expected")
            return None
        symbol = resolve_symbol(text, self.registry, where)
        if isinstance(symbol, Failure):
            self.failures.append(symbol)
            return None
        return venue, symbol

    def _asset(self, row: Mapping[str, Any], field: str, where: str) -> str:
        code: str = row.get(field, "")
        known = self.registry.resolve(code)
        if known is None:
            if code:
                message = f"{code} is neither an asset nor an alias"
                self._fail(Reason.UNKNOWN_ASSET, f"{where}.{field}", message)
            return where
        if known[1] != 1:
            message = f"{code} is not one coin of {known[0].code}"
            self._fail(Reason.UNSUPPORTED, f"{where}.{field}", message)
        return known[0].code

    def _source(self, row: Mapping[str, Any], where: str) -> Source | None:
        return source_of(row, where, self.failures) or self.source

    def _once(self, found: dict[Any, Any], key: object, entry: object, where: str) -> None:
        if key in found:
            self._fail(Reason.DUPLICATE, where, "the same entry stands twice")
        found[key] = entry

    def _in_order(self, low: Quoted | None, high: Quoted | None, where: str, text: str) -> None:
        if low is not None and high is not None and low.value > high.value:
            self._fail(Reason.CONTRADICTION, where, f"{low.value} is {text}, {high.value}")

    def _fail(self, reason: Reason, where: str, message: str) -> None:
        self.failures.append(Failure(reason, where, message))


def _chains(
    record: Mapping[str, Any],
    read_include: ReadInclude,
    registry: AssetRegistry,
    terms: tuple[ContractTerm, ...],
    where: str,
    failures: list[Failure],
) -> list[OptionChain]:
    found: list[OptionChain] = []
    rows = record.get("include", [])
    for row, place in read_records(rows, INCLUDE_RECORD, f"{where}.include", failures):
        data = _included(read_include, row["chain"], f"{place}.chain", failures)
        if data is None:
            continue
        name = row["chain"].rpartition(":")[2]
        try:
            chain = read_chain(data, row["format"], row["venue"], name, registry, terms)
        except InputRefused as refused:
            failures += refused.failures
            continue
        as_of_ns = record.get("as_of", chain.as_of_ns)
        if not 0 <= as_of_ns - chain.as_of_ns < NS_PER_DAY:
            said = f"{instant_text(chain.as_of_ns)}, the market of {instant_text(as_of_ns)}"
            failures.append(Failure(Reason.STALE, place, f"the chain is of {said}"))
        twice = {name for other in found for name in other.listings.keys() & chain.listings.keys()}
        if twice:
            message = f"{len(twice)} options stand in an earlier chain too"
            failures.append(Failure(Reason.DUPLICATE, place, message))
        found.append(chain)
    return found


def _history(
    record: Mapping[str, Any], read_include: ReadInclude, where: str, failures: list[Failure]
) -> tuple[ReturnHistory | None, ReturnHistory | None]:
    place = f"{where}.history"
    names = read_record(record.get("history", {}), HISTORY_RECORD, place, failures)
    found: dict[str, ReturnHistory] = {}
    for name, reader in (("prices", read_daily_closes), ("vol_index", read_vol_index)):
        reference = names.get(name)
        if reference is None:
            continue
        data = _included(read_include, reference, f"{place}.{name}", failures)
        if data is not None:
            try:
                found[name] = reader(data, reference.rpartition(":")[2])
            except InputRefused as refused:
                failures += refused.failures
    return found.get("prices"), found.get("vol_index")


def _included(
    read_include: ReadInclude, reference: str, where: str, failures: list[Failure]
) -> bytes | None:
    """The bytes of a reference; a refusal is told at the field that holds the reference."""
    try:
        return read_include(reference)
    except InputRefused as refused:
        failures += [replace(failure, where=where) for failure in refused.failures]
        return None


def _under(written: dict[Any, Entry], included: Mapping[Any, Entry]) -> dict[Any, Entry]:
    """Entries with each figure that was not written taken from what was included."""
    merged = dict(included)
    for key, entry in written.items():
        below = included.get(key)
        if below is None:
            merged[key] = entry
        else:
            lacking = {
                f.name: getattr(below, f.name) for f in fields(entry) if not getattr(entry, f.name)
            }
            merged[key] = replace(entry, **lacking)
    return merged
