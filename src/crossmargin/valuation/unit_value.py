"""Value of one contract at its mark, in its settlement currency."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind, Universe
from crossmargin.market.columns import MarketColumns

F8 = NDArray[np.float64]


def unit_value(universe: Universe, market: MarketColumns) -> F8:
    """(I,) value of one contract at its mark, settlement currency; NaN where there is no mark.

    Spot, leveraged token, linear perpetual and future, linear option: size x mark, in the quote
    currency. A contract that is quoted in one currency and settled in another pays one unit of the
    latter per unit of the former. Inverse perpetual and future: -size / mark coins, so that
    unrealised = value - cost. Coin-settled option: size x mark coins. Balance: 1 of itself.
    """
    face = faces(universe)
    value: F8 = universe.contract_size * market.mark
    with np.errstate(divide="ignore", invalid="ignore"):
        value[face] = -universe.contract_size[face] / market.mark[face]
    value[universe.kind == Kind.BALANCE] = 1.0
    return value


def faces(universe: Universe) -> NDArray[np.bool_]:
    """(I,) rows whose contract size is a face value in quote currency: inverse, and no option."""
    return np.asarray(universe.inverse & (universe.kind != Kind.OPTION))


def owned(universe: Universe) -> NDArray[np.bool_]:
    """(I,) rows whose value belongs to the holder: all but perpetuals and futures.

    Of those only what they gained since the entry is owned, and that is cash of the account.
    """
    futures = (universe.kind == Kind.PERPETUAL) | (universe.kind == Kind.FUTURE)
    return np.asarray(~futures)
