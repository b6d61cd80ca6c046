"""The totals over all accounts, as a market file may state them."""

from collections.abc import Mapping

from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.asset import AssetRegistry
from crossmargin.market.quoted import Quoted, Source
from crossmargin.market.totals import MarketTotals
from crossmargin.wire.market_fields import (
    CROWD_LONG,
    CROWD_SHORT,
    CYCLE_DEPTH,
    LONG_NOTIONAL,
    OPEN_INTEREST,
    OWNER_CROWD_LONG,
    OWNER_CROWD_SHORT,
    OWNER_DELTA,
    SHORT_NOTIONAL,
    TOTALS_RECORD,
    VENUE_COLLATERAL,
    QuoteBounds,
)
from crossmargin.wire.market_quote import read_named_quotes, source_of
from crossmargin.wire.record import read_pair, read_record


def read_totals(
    item: object,
    sequence: int,
    registry: AssetRegistry,
    around: Source | None,
    where: str,
    failures: list[Failure],
) -> MarketTotals:
    """An object of totals -> `MarketTotals`; what is wrong goes to `failures`.

    Keys are an underlying, a listing id, or two names with a slash: venue/asset, owner/underlying.
    """
    row = read_record(item, TOTALS_RECORD, where, failures)
    source = source_of(row, where, failures) or around

    def quotes(bounds: QuoteBounds) -> dict[str, Quoted]:
        place = f"{where}.{bounds.name}"
        return read_named_quotes(row.get(bounds.name, {}), bounds, source, place, failures)

    def pairs(bounds: QuoteBounds) -> dict[tuple[str, str], Quoted]:
        found = {}
        for key, quoted in quotes(bounds).items():
            pair = read_pair(key, f"{where}.{bounds.name}.{key}")
            if isinstance(pair, Failure):
                failures.append(pair)
            else:
                found[pair] = quoted
        return found

    totals = MarketTotals(
        as_of_ns=row.get("as_of", 0),
        sequence=sequence,
        long_notional=quotes(LONG_NOTIONAL),
        short_notional=quotes(SHORT_NOTIONAL),
        venue_collateral=pairs(VENUE_COLLATERAL),
        owner_delta=pairs(OWNER_DELTA),
        open_interest=quotes(OPEN_INTEREST),
        crowd_long=quotes(CROWD_LONG),
        crowd_short=quotes(CROWD_SHORT),
        owner_crowd_long=pairs(OWNER_CROWD_LONG),
        owner_crowd_short=pairs(OWNER_CROWD_SHORT),
        cycle_depth=quotes(CYCLE_DEPTH),
    )
    _known_assets(totals, registry, where, failures)
    return totals


def _known_assets(
    totals: MarketTotals, registry: AssetRegistry, where: str, failures: list[Failure]
) -> None:
    named: Mapping[str, list[str]] = {
        "long_notional": list(totals.long_notional),
        "short_notional": list(totals.short_notional),
        "venue_collateral": [asset for _, asset in totals.venue_collateral],
        "owner_delta": [underlying for _, underlying in totals.owner_delta],
        "crowd_long": list(totals.crowd_long),
        "crowd_short": list(totals.crowd_short),
        "owner_crowd_long": [underlying for _, underlying in totals.owner_crowd_long],
        "owner_crowd_short": [underlying for _, underlying in totals.owner_crowd_short],
        "cycle_depth": list(totals.cycle_depth),
    }
    failures += [
        Failure(Reason.UNKNOWN_ASSET, f"{where}.{name}", f"{code} is no canonical asset")
        for name, codes in named.items()
        for code in codes
        if code not in registry
    ]
