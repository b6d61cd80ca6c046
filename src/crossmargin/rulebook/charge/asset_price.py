"""The price words of recipes: which of a coin's prices a balance or a debt is valued at."""

from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.run import Run


@final
class Price(StrEnum):
    """The index, the conservative low or high price, or the slow one."""

    INDEX = "index"
    LOW = "low"
    HIGH = "high"
    TWAP = "twap"


def asset_price(run: Run, price: Price) -> NDArray[np.float64]:
    """(assets,) reporting units per coin, NaN without one.

    The reporting currency itself is worth exactly 1 whatever the word; others are converted at its
    index.
    """
    column: NDArray[np.float64] = getattr(run.market, price.value)
    row = run.reporting_row
    own = np.asarray(column / run.market.index[row])
    itself = np.arange(len(own)) == row
    return np.where(itself, np.where(np.isnan(run.market.index), np.nan, 1.0), own)
