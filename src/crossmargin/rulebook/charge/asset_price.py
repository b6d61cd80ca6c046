"""The price words of recipes: which of a coin's prices a balance or a debt is valued at."""

from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.run import Run


@final
class Price(StrEnum):
    """The index, the conservative low or high price, the slow one, or the lower or higher of index
    and slow price.
    """

    INDEX = "index"
    LOW = "low"
    HIGH = "high"
    TWAP = "twap"
    LOWER = "lower_of_index_and_twap"
    HIGHER = "higher_of_index_and_twap"


def asset_price(run: Run, price: Price) -> NDArray[np.float64]:
    """(assets,) reporting units per coin, NaN without one.

    The reporting currency itself is worth exactly 1 whatever the word; others are converted at its
    index.
    """
    return run.keep(("asset_price", price), lambda: _asset_price(run, price))


def _asset_price(run: Run, price: Price) -> NDArray[np.float64]:
    column = _dollars(run, price)
    row = run.reporting_row
    own = np.asarray(column / run.market.index[row])
    itself = np.arange(len(own)) == row
    return np.where(itself, np.where(np.isnan(run.market.index), np.nan, 1.0), own)


def _dollars(run: Run, price: Price) -> NDArray[np.float64]:
    market = run.market
    match price:
        case Price.LOWER:
            return np.minimum(market.index, market.twap)
        case Price.HIGHER:
            return np.maximum(market.index, market.twap)
        case _:
            column: NDArray[np.float64] = getattr(market, price.value)
            return column
