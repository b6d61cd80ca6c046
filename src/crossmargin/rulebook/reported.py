"""A venue's own figures beside ours: difference and agreement. Read here and nowhere else."""

from collections.abc import Sequence
from decimal import Decimal

from crossmargin.domain.holding import VenueReport
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.statement_types import Crossing, LevelFigures, ReportedFigure


def reported_figures(
    report: VenueReport,
    levels: Sequence[LevelFigures],
    reporting: str,
    priced: PricedMarket,
    moves: Sequence[Crossing],
) -> tuple[ReportedFigure, ...]:
    """Every figure the venue reports: amounts converted at the index from its currency to ours."""
    by_name = {level.name: level for level in levels}
    rate = _rate(report.currency, reporting, priced)
    figures = [
        _beside(name, _ours(name, by_name), value, _is_amount(name), rate, report.tolerance_frac)
        for name, value in report.figures.items()
    ]
    assets = priced.universe
    for listing, price in report.liquidation_prices.items():
        row = assets.listing_ids.index(listing) if listing in assets.listing_ids else None
        underlying = None if row is None else assets.assets[int(assets.underlying[row])]
        ours = _nearest_price(moves, underlying, price, priced)
        figures.append(
            _beside(f"liquidation price {listing}", ours, price, False, rate, report.tolerance_frac)
        )
    return tuple(figures)


def _ours(name: str, levels: dict[str, LevelFigures]) -> Decimal | None:
    if name in levels:
        return levels[name].requirement
    liquidation = levels.get("maintenance") or next(iter(levels.values()))
    if name == "equity":
        return liquidation.equity
    if name == "utilisation" and liquidation.utilisation is not None:
        return Decimal(repr(round(liquidation.utilisation, 12)))
    return None


def _is_amount(name: str) -> bool:
    return name != "utilisation"


def _beside(
    name: str,
    ours: Decimal | None,
    value: Decimal,
    amount: bool,
    rate: Decimal | None,
    tolerance_frac: Decimal,
) -> ReportedFigure:
    theirs = value * rate if amount and rate is not None else value
    tolerance = abs(theirs) * tolerance_frac
    comparable = ours is not None and (rate is not None or not amount)
    difference = ours - theirs if comparable and ours is not None else None
    return ReportedFigure(
        name=name,
        ours=ours,
        reported=theirs,
        difference=difference,
        tolerance=tolerance,
        within=None if difference is None else abs(difference) <= tolerance,
    )


def _rate(currency: str, reporting: str, priced: PricedMarket) -> Decimal | None:
    codes = priced.universe.assets
    if currency not in codes or reporting not in codes:
        return None
    index = priced.market.index
    rate = float(index[codes.index(currency)] / index[codes.index(reporting)])
    return Decimal(repr(rate)) if rate == rate else None


def _nearest_price(
    moves: Sequence[Crossing], underlying: str | None, price: Decimal, priced: PricedMarket
) -> Decimal | None:
    """Our liquidation price of the underlying on the side of the index where the venue's lies."""
    if underlying is None:
        return None
    index = float(priced.market.index[priced.universe.assets.index(underlying)])
    side = "down" if float(price) < index else "up"
    for move in moves:
        if move.asset == underlying and move.direction == side and move.price is not None:
            return Decimal(repr(round(move.price, 8)))
    return None
