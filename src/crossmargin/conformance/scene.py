"""A book and a market put together by hand: what an adapter writes a vector down as."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_SECOND, NS_PER_YEAR
from crossmargin.conformance.scene_columns import balance_columns, order_columns, position_columns
from crossmargin.conformance.scene_lines import (
    MAIN,
    Amount,
    BalanceLine,
    OrderLine,
    PositionLine,
    exact,
    named,
    number,
)
from crossmargin.conformance.scene_marks import with_model_marks
from crossmargin.domain.asset import Asset, AssetClass
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.holding import OrderKind, Side
from crossmargin.domain.instrument import (
    Future,
    Instrument,
    Listing,
    Option,
    Perpetual,
    Right,
    Spot,
)
from crossmargin.domain.universe import Universe, build_universe
from crossmargin.market.columns import MarketColumns
from crossmargin.market.totals import MarketTotals
from crossmargin.rulebook.run import PricedMarket

AS_OF_NS = 1_767_225_600 * NS_PER_SECOND
"""2026-01-01: the moment of every scene. Vectors state times to expiry, not dates."""

VENUE = "venue"
DOLLAR = "USD"


@final
@dataclass(slots=True, kw_only=True)
class Scene:
    """Lines of a book and figures of a market, in any order. `built` makes columns of them.

    Rows are named by listing id, or by the asset's code for its balances. A figure that nobody
    states is missing (NaN), never a default; the mark of an option follows from its vol.
    """

    accounts: list[str] = field(default_factory=list)
    assets: dict[str, Asset] = field(default_factory=dict)
    listings: dict[str, Listing] = field(default_factory=dict)
    positions: list[PositionLine] = field(default_factory=list)
    balances: list[BalanceLine] = field(default_factory=list)
    orders: list[OrderLine] = field(default_factory=list)
    of_assets: dict[str, dict[str, float]] = field(default_factory=dict)
    of_rows: dict[str, dict[str, float]] = field(default_factory=dict)
    more: dict[str, dict[str, float]] = field(default_factory=dict)

    def asset(
        self,
        code: str,
        *,
        asset_class: AssetClass = AssetClass.COIN,
        wraps: str | None = None,
        **figures: Amount | None,
    ) -> str:
        """An asset and its figures: index, low, high, twap (dollars), confidence and so on."""
        named(code, "an asset")
        self.assets[code] = Asset(code=code, decimals=18, asset_class=asset_class, wraps=wraps)
        for name, value in figures.items():
            self._state(self.of_assets, name, code, value)
        return code

    def perpetual(
        self,
        underlying: str,
        *,
        quote: str = DOLLAR,
        settle: str = DOLLAR,
        inverse: bool = False,
        contract_size: Amount = 1,
        name: str = "",
        **figures: Amount | None,
    ) -> str:
        """A perpetual and its figures: mark, funding_rate, open_interest. Its listing id."""
        instrument = Perpetual(underlying=underlying, quote=quote, settle=settle, inverse=inverse)
        return self._list(
            instrument, f"{underlying}/{quote}:{settle}{name}", contract_size, figures
        )

    def future(
        self,
        underlying: str,
        *,
        seconds: Amount,
        quote: str = DOLLAR,
        settle: str = DOLLAR,
        inverse: bool = False,
        contract_size: Amount = 1,
        **figures: Amount | None,
    ) -> str:
        """A dated future that expires in `seconds`, and its figures: mark, forward."""
        expiry_ns = expiry_after(seconds)
        instrument = Future(
            underlying=underlying, quote=quote, settle=settle, inverse=inverse, expiry_ns=expiry_ns
        )
        name = f"{underlying}/{quote}:{settle}-{expiry_ns}"
        return self._list(instrument, name, contract_size, figures)

    def option(
        self,
        underlying: str,
        *,
        seconds: Amount,
        strike: Amount,
        right: Right,
        quote: str = DOLLAR,
        settle: str = DOLLAR,
        inverse: bool = False,
        contract_size: Amount = 1,
        forward: Amount | None = None,
        forward_settled: Amount = 0,
        **figures: Amount | None,
    ) -> str:
        """An option that expires in `seconds`, and its figures: vol, rate, mark.

        `forward` is the part of the forward price that still moves, `forward_settled` the part that
        settlement averaging has fixed.
        """
        expiry_ns = expiry_after(seconds)
        instrument = Option(
            underlying=underlying,
            quote=quote,
            settle=settle,
            inverse=inverse,
            expiry_ns=expiry_ns,
            strike=exact(strike),
            right=right,
        )
        name = f"{underlying}/{quote}:{settle}-{expiry_ns}-{strike}-{right.value}"
        row = self._list(instrument, name, contract_size, figures)
        if forward is not None:
            self._state(self.of_rows, "forward", row, exact(forward) + exact(forward_settled))
            self._state(self.of_rows, "forward_settled", row, forward_settled)
        return row

    def spot(
        self, underlying: str, *, quote: str = DOLLAR, contract_size: Amount = 1, **figures: Amount
    ) -> str:
        """A spot listing and its figures: mark."""
        instrument = Spot(underlying=underlying, quote=quote)
        return self._list(instrument, f"{underlying}/{quote}", contract_size, figures)

    def account(self, name: str = MAIN) -> str:
        """An account, also one that holds nothing."""
        if name not in self.accounts:
            self.accounts.append(name)
        return name

    def position(
        self,
        row: str,
        contracts: Amount,
        *,
        account: str = MAIN,
        cost: Amount | None = None,
        entry: Amount | None = None,
        profit: Amount | None = None,
        funding: Amount = 0,
    ) -> None:
        """A position, with one of: what it cost, its entry price, its unrealised profit.

        With none of them the cost is unknown. Positions of one account in one listing are added.
        """
        line = PositionLine(
            account=self.account(account),
            row=row,
            contracts=number(contracts, f"{row}.contracts"),
            cost=_or_none(cost, f"{row}.cost"),
            profit=_or_none(profit, f"{row}.profit"),
            entry=_or_none(entry, f"{row}.entry"),
            funding=number(funding, f"{row}.funding"),
        )
        self.positions.append(line)

    def balance(self, asset: str, amount: Amount, *, account: str = MAIN) -> None:
        """Coins of an asset; a negative amount is a debt."""
        line = BalanceLine(
            account=self.account(account), asset=asset, amount=number(amount, f"{asset}.amount")
        )
        self.balances.append(line)

    def order(
        self,
        row: str,
        side: Side,
        contracts: Amount,
        *,
        account: str = MAIN,
        limit_price: Amount | None = None,
        kind: OrderKind = OrderKind.LIMIT,
    ) -> None:
        """An open order of positive contracts."""
        line = OrderLine(
            account=self.account(account),
            row=row,
            side=side,
            contracts=number(contracts, f"{row}.contracts"),
            limit_price=_or_none(limit_price, f"{row}.limit_price"),
            kind=kind,
        )
        self.orders.append(line)

    def figure(self, name: str, row: str, value: Amount) -> None:
        """A figure of one row that the recipe declares under `fields`."""
        self._state(self.more, name, row, value)

    def built(self) -> tuple[BookColumns, PricedMarket]:
        """The columns of the book and of the market, over one universe."""
        universe = build_universe(self.listings.values(), [*self.assets, DOLLAR])
        market = with_model_marks(universe, self._market(universe))
        number = {name: i for i, name in enumerate(self.accounts)}
        row_of = {universe.name_of(i): i for i in range(universe.instruments_count)}
        asset_of = {code: i for i, code in enumerate(universe.assets)}
        book = BookColumns(
            universe=universe,
            account_ids=tuple(self.accounts),
            owner=np.arange(len(self.accounts), dtype=np.int64),
            positions=position_columns(self.positions, number, row_of, universe, market),
            balances=balance_columns(self.balances, number, asset_of),
            orders=order_columns(self.orders, number, row_of),
        )
        priced = PricedMarket(
            universe=universe,
            market=market,
            totals=MarketTotals(as_of_ns=AS_OF_NS, sequence=0),
            history=None,
            vol_history=None,
            assets=dict(self.assets),
        )
        return book, priced

    def _market(self, universe: Universe) -> MarketColumns:
        codes = universe.assets
        names = [universe.name_of(i) for i in range(universe.instruments_count)]
        dollar = {"index": {DOLLAR: 1.0}, "low": {DOLLAR: 1.0}, "high": {DOLLAR: 1.0}}
        of_assets = {
            name: _filled(codes, {**dollar.get(name, {}), **self.of_assets.get(name, {})})
            for name in ASSET_FIGURES
        }
        of_rows = {name: _filled(names, self.of_rows.get(name, {})) for name in ROW_FIGURES}
        for name in ("mark", "forward"):
            of_rows[name][universe.listings_count :] = 1.0
        settled = np.nan_to_num(of_rows.pop("forward_settled"))
        settled.setflags(write=False)
        expires = universe.expiry_ns > 0
        years = np.where(expires, (universe.expiry_ns - AS_OF_NS) / NS_PER_YEAR, np.nan)
        more = {name: _filled(names, values) for name, values in self.more.items()}
        for column in (*of_assets.values(), *of_rows.values(), years, *more.values()):
            column.setflags(write=False)
        return MarketColumns(
            as_of_ns=AS_OF_NS,
            years=years,
            more=more,
            forward_settled=settled,
            **of_assets,
            **of_rows,
        )

    def _list(
        self,
        instrument: Instrument,
        economic_id: str,
        contract_size: Amount,
        figures: dict[str, Any],
    ) -> str:
        named(instrument.underlying, "an underlying")
        named(instrument.quote, "a quote currency")
        listing = Listing(
            venue=VENUE,
            native_symbol=economic_id,
            economic_id=economic_id,
            instrument=instrument,
            contract_size=exact(contract_size),
        )
        self.listings[listing.listing_id] = listing
        for name, value in figures.items():
            self._state(self.of_rows, name, listing.listing_id, value)
        return listing.listing_id

    def _state(
        self, table: dict[str, dict[str, float]], name: str, row: str, value: Amount | None
    ) -> None:
        known = {id(self.of_assets): ASSET_FIGURES, id(self.of_rows): ROW_FIGURES}.get(id(table))
        if known is not None and name not in known:
            raise KeyError(f"no figure is called {name}")
        if value is not None:
            table.setdefault(name, {})[row] = float(number(value, f"{row}.{name}"))


ASSET_FIGURES = (
    "index",
    "low",
    "high",
    "twap",
    "adv",
    "depth",
    "half_spread_frac",
    "vol_index",
    "confidence",
)
ROW_FIGURES = (
    "mark",
    "last",
    "forward",
    "forward_settled",
    "vol",
    "rate",
    "funding_rate",
    "open_interest",
)


def expiry_after(seconds: Amount) -> int:
    """Nanoseconds UTC of what expires in so many seconds."""
    return AS_OF_NS + round(exact(seconds) * NS_PER_SECOND)


def _or_none(value: Amount | None, where: str) -> Amount | None:
    return None if value is None else number(value, where)


def _filled(names: Sequence[str], values: dict[str, float]) -> NDArray[np.float64]:
    unknown = values.keys() - set(names)
    if unknown:
        raise KeyError(f"the scene has no row called {', '.join(sorted(unknown))}")
    return np.array([values.get(name, np.nan) for name in names])
