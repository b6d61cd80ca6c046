"""Which instruments cannot be valued, and why."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind, Universe
from crossmargin.market.columns import MarketColumns

Flags = NDArray[np.bool_]


def missing_fields(
    universe: Universe, market: MarketColumns, *, base: str, time_passes: bool
) -> list[str]:
    """(I,) what an instrument lacks to be valued, one sentence, empty where nothing is lacking.

    An option needs forward, vol, years and, unless it is settled in coin, a rate; its mark only
    where the mark is its base value. Everything else needs its mark, a perpetual also its funding
    rate when time passes. A balance needs nothing.
    """
    needs = list(_needs(universe, market, base=base, time_passes=time_passes))
    texts = [""] * universe.instruments_count
    for name, lacking in needs:
        for row in np.flatnonzero(lacking):
            texts[row] = f"{texts[row]}, {name}" if texts[row] else f"no {name}"
    return texts


def _needs(
    universe: Universe, market: MarketColumns, *, base: str, time_passes: bool
) -> Iterator[tuple[str, Flags]]:
    option = universe.kind == Kind.OPTION
    mark_needed = (universe.kind != Kind.BALANCE) & (~option | (base == "mark"))
    # A comparison with NaN is False: what must hold is asked, and the rest is lacking.
    above = np.where(option, market.mark >= 0.0, market.mark > 0.0) & np.isfinite(market.mark)
    yield "mark", mark_needed & ~above
    yield "forward", option & ~((market.forward > 0.0) & np.isfinite(market.forward))
    yield "vol", option & ~((market.vol >= 0.0) & np.isfinite(market.vol))
    yield "time to expiry (expired)", option & (market.years < 0.0)
    yield "time to expiry", option & np.isnan(market.years)
    yield "rate", option & ~universe.inverse & ~np.isfinite(market.rate)
    perpetual = universe.kind == Kind.PERPETUAL
    yield "funding rate", perpetual & time_passes & ~np.isfinite(market.funding_rate)
    unlike = universe.inverse & (universe.multiplier != 1.0)
    yield "rule for an inverse contract on several coins", unlike
