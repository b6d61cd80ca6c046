"""Named fields of an instrument row, in reporting units per contract where they are amounts."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.run import Run
from crossmargin.scenario.scenario_set import DOLLAR
from crossmargin.valuation.missing import missing_fields
from crossmargin.valuation.option import option_value
from crossmargin.valuation.unit_value import faces, unit_value

F8 = NDArray[np.float64]


def instrument_field(run: Run, name: str) -> F8:
    """(instruments,) the field called `name`, computed once per run; KeyError for an unknown name.

    Amounts per contract are in the reporting currency: `notional` at the mark (underlying at its
    index for an option), `notional_index`, `mark_value`, `entry_value` (what rows cost by their own
    prices, at the mark where they have none), `model_value`, `delta_cash` (change of value for a
    move of the underlying by 100 %), `gamma_cash` (change of `delta_cash` for the same),
    `vega_cash` (per 1.00 of vol), `vega_per_vol` (for a doubling of the option's own vol),
    `theta_cash` (per year). `coins` and `delta_coins` are coins of the underlying, `coins_per_unit`
    what one unit of the reporting currency buys, `reporting_index` what it is worth in dollars,
    `quote_index` what one unit of the quote currency is worth in it, `contracts` is 1. `proxied` is
    1 where the underlying has no price history of its own, else 0. `open_interest_notional` is what
    is open of a listing at all its holders, in reporting currency. The rest are plain figures;
    `term_years` is 0 and `years` missing for what does not expire.
    """
    if name not in run.columns:
        column = FIELDS[name](run) if name in FIELDS else _declared(run, name)
        column.setflags(write=False)
        run.columns[name] = column
    return run.columns[name]


def _declared(run: Run, name: str) -> F8:
    """A figure that only some rulebooks read; missing for everything where the market has none."""
    if name not in run.terms.fields:
        raise KeyError(f"no field is called {name}")
    own = run.market.more.get(name)
    return np.full(run.universe.instruments_count, np.nan) if own is None else own.copy()


def _rate_of(run: Run, asset: NDArray[np.int64]) -> F8:
    return np.asarray(run.asset_rate()[asset])


def _of_underlying(column: str) -> Callable[[Run], F8]:
    def read(run: Run) -> F8:
        values: F8 = getattr(run.market, column)
        return values[run.universe.underlying].copy()

    return read


def _of_instrument(column: str) -> Callable[[Run], F8]:
    def read(run: Run) -> F8:
        values: F8 = getattr(run.market, column)
        return values.copy()

    return read


def _of_universe(column: str) -> Callable[[Run], F8]:
    def read(run: Run) -> F8:
        return np.array(getattr(run.universe, column), dtype=np.float64)

    return read


def _coins(run: Run) -> F8:
    """Coins of the underlying per contract; an inverse contract's face value over its mark."""
    u = run.universe
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        coins = np.where(
            faces(u), u.contract_size / run.market.mark, u.contract_size * u.multiplier
        )
    coins[u.listings_count :] = 1.0
    return coins


def _notional(run: Run) -> F8:
    """Face value of an inverse contract, size at the mark else; options at the index of the
    underlying.
    """
    u, m = run.universe, run.market
    at_mark = np.where(faces(u), 1.0, m.mark) * u.contract_size * _rate_of(run, u.quote)
    indexed = (u.kind == Kind.OPTION) | (u.kind == Kind.BALANCE)
    return np.where(indexed, _notional_index(run), at_mark)


def _notional_index(run: Run) -> F8:
    u = run.universe
    at_index = u.contract_size * u.multiplier * _rate_of(run, u.underlying)
    return np.where(faces(u), u.contract_size * _rate_of(run, u.quote), at_index)


def _open_interest_notional(run: Run) -> F8:
    return np.asarray(run.market.open_interest * _notional(run))


def _mark_value(run: Run) -> F8:
    own = unit_value(run.universe, run.market)
    return np.asarray(own * _rate_of(run, run.universe.settle))


def _mark_size(run: Run) -> F8:
    """The mark value as a size: what an entry at the mark would cost."""
    return np.abs(_mark_value(run))


def _model_value(run: Run) -> F8:
    """As the mark value, but options at the value of the model; NaN where a figure for it is
    missing.
    """
    u, m = run.universe, run.valued.market
    own = unit_value(u, m)
    option = u.kind == Kind.OPTION
    own[option] = np.nan
    lacking = missing_fields(u, m, base="model", time_passes=False)
    rows = np.flatnonzero(option & np.array([not text for text in lacking]))
    own[rows] = option_value(u, m, rows)
    return np.asarray(own * _rate_of(run, u.settle))


def _greek(name: str) -> Callable[[Run], F8]:
    def read(run: Run) -> F8:
        dollars: F8 = getattr(run.valued.greeks(), name)
        # Market indexes and Greeks in cash are in dollars.
        return np.asarray(dollars / run.market.index[run.reporting_row][run.universe.underlying])

    return read


def _delta_coins(run: Run) -> F8:
    return run.valued.greeks().delta_coins.copy()


def _vega_per_vol(run: Run) -> F8:
    """Change of value when each option's own vol doubles, by its vega."""
    return np.where(
        run.universe.kind == Kind.OPTION, _greek("vega_cash")(run) * run.market.vol, 0.0
    )


def _coins_per_unit(run: Run) -> F8:
    return np.asarray(1.0 / _rate_of(run, run.universe.underlying))


def _reporting_index(run: Run) -> F8:
    """Dollars per unit of the reporting currency."""
    return run.market.index[run.reporting_row][run.universe.underlying]


def _quote_index(run: Run) -> F8:
    """Reporting units per unit of the quote currency."""
    return _rate_of(run, run.universe.quote)


def _term_years(run: Run) -> F8:
    """Years to expiry, 0 for what has none."""
    return np.where(run.universe.expiry_key >= 0, run.market.years, 0.0)


def _days(run: Run) -> F8:
    return np.asarray(run.market.years * 365.0)


def _proxied(run: Run) -> F8:
    """1 where the underlying has no history of its own, so that another one moves in its place."""
    history = run.priced.history
    known = {DOLLAR} | (set() if history is None else set(history.assets))
    moved = np.array([code not in known for code in run.universe.assets], dtype=np.float64)
    return np.asarray(moved[run.universe.underlying])


def _ones(run: Run) -> F8:
    return np.ones(run.universe.instruments_count)


FIELDS: Mapping[str, Callable[[Run], F8]] = {
    "contracts": _ones,
    "coins": _coins,
    "notional": _notional,
    "notional_index": _notional_index,
    "mark_value": _mark_value,
    "entry_value": _mark_size,
    "model_value": _model_value,
    "delta_cash": _greek("delta_cash"),
    "gamma_cash": _greek("gamma_cash"),
    "vega_cash": _greek("vega_cash"),
    "theta_cash": _greek("theta_cash"),
    "vega_per_vol": _vega_per_vol,
    "delta_coins": _delta_coins,
    "coins_per_unit": _coins_per_unit,
    "reporting_index": _reporting_index,
    "quote_index": _quote_index,
    "term_years": _term_years,
    "mark": _of_instrument("mark"),
    "last": _of_instrument("last"),
    "forward": _of_instrument("forward"),
    "vol": _of_instrument("vol"),
    "years": _of_instrument("years"),
    "days": _days,
    "proxied": _proxied,
    "rate": _of_instrument("rate"),
    "funding_rate": _of_instrument("funding_rate"),
    "open_interest": _of_instrument("open_interest"),
    "open_interest_notional": _open_interest_notional,
    "index": _of_underlying("index"),
    "confidence": _of_underlying("confidence"),
    "adv": _of_underlying("adv"),
    "half_spread_frac": _of_underlying("half_spread_frac"),
    "vol_index": _of_underlying("vol_index"),
    "strike": _of_universe("strike"),
    "contract_size": _of_universe("contract_size"),
    "leverage": _of_universe("leverage"),
}
