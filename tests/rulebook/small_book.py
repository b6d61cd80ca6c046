"""A context for one charge: a book, a market and parameters said in plain dictionaries."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure
from crossmargin.base.instant import NS_PER_YEAR, parse_instant
from crossmargin.domain.asset import Asset, AssetClass
from crossmargin.domain.columns import BalanceColumns, OrderColumns, PositionColumns
from crossmargin.domain.holding import OrderKind
from crossmargin.domain.instrument import Listing
from crossmargin.domain.symbol import parse_symbol
from crossmargin.domain.universe import Kind, Universe, build_universe
from crossmargin.market.columns import MarketColumns
from crossmargin.market.quoted import given
from crossmargin.market.totals import MarketTotals
from crossmargin.rulebook.batch import with_order_rows
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.run import PricedMarket, Run, reporting_rows
from crossmargin.rulebook.terms import Parameter, Terms

F8 = NDArray[np.float64]
Table = Mapping[str, Any]

AS_OF = "2026-01-01T00:00:00Z"
PRICES = ("index", "low", "high", "twap", "adv", "depth", "half_spread_frac", "vol_index")
PLACES = ("venue", "chain", "bridge", "custodian")


def small_context(
    *,
    accounts: Mapping[str, Table],
    prices: Mapping[str, float | Mapping[str, float]],
    listings: Mapping[str, Table] | None = None,
    parameters: Mapping[str, Any] | None = None,
    scenarios: Mapping[str, Table] | None = None,
    reporting: str = "USD",
    tick_exponent: int = -20,
    explain: bool = True,
    balances_grouped: bool = False,
    venue_collateral: Mapping[tuple[str, str], float] | None = None,
    issuer_families: Mapping[str, str] | None = None,
    figures: Mapping[str, Mapping[str, float]] | None = None,
) -> Context:
    """A batch of all `accounts`, in their order.

    `prices` give dollars per coin: a number is the index, a table any of index, low, high, twap,
    adv, depth, half_spread_frac, vol_index, confidence. USD is 1 unless said.

    `listings` by "venue:unified symbol": mark, and where they matter size, multiplier, forward,
    vol, rate, funding_rate, open_interest, last. A forward not said is the mark of a future, the
    index of an option; the rate 0.

    An account has `positions` by listing: contracts, or a table of contracts with entry or cost,
    and funding; a position without entry has an unknown cost. `balances`: {asset: coins}, or tables
    of asset, amount, venue, chain, bridge, custodian, usable. `orders`: tables of listing, side,
    contracts, limit_price, kind (limit unless said). `owner` a number.

    `figures` that only some rulebooks read: by name, then by listing.

    `parameters` by name: a number, a list, or a table of value, by, otherwise.
    """
    universe = _universe(listings or {}, prices, accounts)
    more = figures or {}
    market = _market(universe, listings or {}, prices, more)
    terms = _terms(parameters or {}, scenarios or {}, reporting, tick_exponent, tuple(more))
    run = Run(
        terms=terms,
        priced=PricedMarket(
            universe=universe,
            market=market,
            totals=_totals(venue_collateral or {}),
            history=None,
            vol_history=None,
            assets=_assets(universe, issuer_families or {}),
        ),
        reporting=reporting,
        reporting_row=reporting_rows(universe, reporting),
        tick_exponent=tick_exponent,
    )
    orders = _orders(universe, accounts)
    return Context(
        run=run,
        accounts_count=len(accounts),
        first_account=0,
        owner=np.array([table.get("owner", 0) for table in accounts.values()], dtype=np.int64),
        positions=with_order_rows(_positions(universe, accounts), orders),
        balances=_balances(universe, accounts),
        orders=orders,
        explain=explain,
        balances_grouped=balances_grouped,
        account_names=tuple(accounts),
    )


def in_units(context: Context, ticks: F8) -> F8:
    """Ticks in reporting units."""
    return np.asarray(ticks * 2.0**context.run.tick_exponent)


def _universe(
    listings: Mapping[str, Table], prices: Mapping[str, Any], accounts: Mapping[str, Table]
) -> Universe:
    made = []
    for name, table in listings.items():
        venue, symbol = name.split(":", 1)
        instrument = parse_symbol(symbol)
        assert not isinstance(instrument, Failure), instrument
        made.append(
            Listing(
                venue=venue,
                native_symbol=symbol,
                economic_id=symbol,
                instrument=instrument,
                contract_size=Decimal(str(table.get("size", 1))),
                multiplier=Decimal(str(table.get("multiplier", 1))),
            )
        )
    held = {row["asset"] for table in accounts.values() for row in _balance_tables(table)}
    return build_universe(made, {"USD", *prices, *held})


def _market(
    universe: Universe,
    listings: Mapping[str, Table],
    prices: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, float]],
) -> MarketColumns:
    as_of_ns = parse_instant(AS_OF)
    assert as_of_ns is not None
    said = {"USD": dict.fromkeys(("index", "low", "high", "twap"), 1.0)}
    said |= {
        code: dict(table) if isinstance(table, Mapping) else {"index": table}
        for code, table in prices.items()
    }
    of_asset = {
        name: _read_only([said.get(code, {}).get(name, np.nan) for code in universe.assets])
        for name in (*PRICES, "confidence")
    }
    tables = [listings[name] for name in universe.listing_ids]
    balances = len(universe.assets)
    nothing = [np.nan] * balances

    def column(name: str, otherwise: float, of_balance: float) -> F8:
        own = [table.get(name, otherwise) for table in tables]
        return np.array([*own, *[of_balance] * balances], dtype=np.float64)

    mark = column("mark", np.nan, 1.0)
    index = of_asset["index"]
    in_quote = index[universe.underlying] * universe.multiplier / index[universe.quote]
    forward = column("forward", np.nan, 1.0)
    implied = np.where(np.isin(universe.kind, (Kind.OPTION, Kind.SPOT)), in_quote, mark)
    expires = universe.expiry_ns > 0
    years = np.where(expires, (universe.expiry_ns - as_of_ns) / NS_PER_YEAR, np.nan)
    return MarketColumns(
        as_of_ns=as_of_ns,
        **of_asset,
        mark=_read_only(mark),
        last=_read_only(column("last", np.nan, np.nan)),
        forward=_read_only(np.where(np.isnan(forward), implied, forward)),
        vol=_read_only(column("vol", np.nan, np.nan)),
        years=_read_only(years),
        rate=_read_only(column("rate", 0.0, np.nan)),
        funding_rate=_read_only(column("funding_rate", np.nan, np.nan)),
        open_interest=_read_only(column("open_interest", np.nan, np.nan)),
        more={
            name: _read_only([of.get(row, np.nan) for row in universe.listing_ids] + nothing)
            for name, of in figures.items()
        },
    )


def _positions(universe: Universe, accounts: Mapping[str, Table]) -> PositionColumns:
    rows = []
    for number, table in enumerate(accounts.values()):
        for name, said in table.get("positions", {}).items():
            row = universe.listing_ids.index(name)
            own = dict(said) if isinstance(said, Mapping) else {"contracts": said}
            rows.append((number, row, own["contracts"], _cost(universe, row, own), own))
    rows.sort(key=lambda row: row[:2])
    return PositionColumns(
        account=np.array([row[0] for row in rows], dtype=np.int64),
        instrument=np.array([row[1] for row in rows], dtype=np.int64),
        contracts=np.array([row[2] for row in rows], dtype=np.float64),
        cost=np.array([row[3] for row in rows], dtype=np.float64),
        funding=np.array([row[4].get("funding", 0.0) for row in rows], dtype=np.float64),
    )


def _cost(universe: Universe, row: int, said: Mapping[str, float]) -> float:
    if "entry" not in said:
        return float(said.get("cost", np.nan))
    face = universe.inverse[row] and universe.kind[row] != Kind.OPTION
    size = universe.contract_size[row]
    unit = -size / said["entry"] if face else size * said["entry"]
    return float(said["contracts"] * unit)


def _balance_tables(account: Table) -> list[Table]:
    said = account.get("balances", {})
    if isinstance(said, Mapping):
        return [{"asset": code, "amount": amount} for code, amount in said.items()]
    return list(said)


def _balances(universe: Universe, accounts: Mapping[str, Table]) -> BalanceColumns:
    rows = [
        (number, row)
        for number, table in enumerate(accounts.values())
        for row in _balance_tables(table)
    ]
    names = tuple(sorted({row[place] for _, row in rows for place in PLACES if place in row}))
    numbers = {
        place: np.array(
            [names.index(row[place]) if place in row else -1 for _, row in rows], dtype=np.int64
        )
        for place in PLACES
    }
    amount = np.array([row["amount"] for _, row in rows], dtype=np.float64)
    return BalanceColumns(
        account=np.array([number for number, _ in rows], dtype=np.int64),
        asset=np.array([universe.assets.index(row["asset"]) for _, row in rows], dtype=np.int64),
        amount=amount,
        **numbers,
        usable=np.array([row.get("usable", True) for _, row in rows], dtype=np.bool_),
        loan=amount < 0.0,
        places=names,
    )


def _orders(universe: Universe, accounts: Mapping[str, Table]) -> OrderColumns:
    rows = [
        (number, row)
        for number, table in enumerate(accounts.values())
        for row in table.get("orders", ())
    ]
    return OrderColumns(
        account=np.array([number for number, _ in rows], dtype=np.int64),
        instrument=np.array(
            [universe.listing_ids.index(row["listing"]) for _, row in rows], dtype=np.int64
        ),
        side=np.array([{"buy": 1.0, "sell": -1.0}[row["side"]] for _, row in rows]),
        contracts=np.array([row["contracts"] for _, row in rows], dtype=np.float64),
        limit_price=np.array([row.get("limit_price", np.nan) for _, row in rows]),
        kind=np.array(
            [list(OrderKind).index(OrderKind(row.get("kind", "limit"))) for _, row in rows],
            dtype=np.int8,
        ),
    )


def _terms(
    parameters: Mapping[str, Any],
    scenarios: Mapping[str, Table],
    reporting: str,
    tick_exponent: int,
    fields: tuple[str, ...],
) -> Terms:
    return Terms(
        name="small",
        title="a recipe of a test",
        valid_from="2026-01-01",
        source="illustrative",
        note="",
        reporting=reporting,
        tick_exponents={"*": tick_exponent},
        rounding_unit=None,
        base_value="model",
        conversion="unshocked",
        parameters={name: _parameter(name, said) for name, said in parameters.items()},
        scenarios=scenarios,
        content_hash="small",
        fields=fields,
    )


def _parameter(name: str, said: Any) -> Parameter:
    table = dict(said) if isinstance(said, Mapping) else {"value": said}
    value, otherwise = table["value"], table.get("otherwise")
    if isinstance(value, Mapping):
        value = {label: _entry(entry) for label, entry in value.items()}
    else:
        value = _entry(value)
    return Parameter(
        name=name,
        value=value,
        low=-np.inf,
        high=np.inf,
        source="illustrative",
        by=table.get("by"),
        otherwise=_entry(otherwise),
    )


def _entry(value: Any) -> Any:
    return tuple(value) if isinstance(value, Sequence) else value


def _totals(venue_collateral: Mapping[tuple[str, str], float]) -> MarketTotals:
    as_of_ns = parse_instant(AS_OF)
    assert as_of_ns is not None
    return MarketTotals(
        as_of_ns=as_of_ns,
        sequence=0,
        venue_collateral={key: given(value, "a test") for key, value in venue_collateral.items()},
    )


def _assets(universe: Universe, issuer_families: Mapping[str, str]) -> Mapping[str, Asset]:
    return {
        code: Asset(
            code=code,
            decimals=18,
            asset_class=AssetClass.COIN,
            issuer_family=issuer_families.get(code),
        )
        for code in universe.assets
    }


def _read_only(values: Any) -> F8:
    column = np.array(values, dtype=np.float64)
    column.setflags(write=False)
    return column
