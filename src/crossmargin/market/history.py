"""Past prices of several assets on common dates: what historical scenarios are made of."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReturnHistory:
    """Levels of A assets on T dates, oldest first: `date_ns` (T,), `price` (T, A), NaN where there is none.

    Prices in dollars, or the level of a vol index. `source` names where each of the A columns is from.
    """

    assets: tuple[str, ...]
    date_ns: NDArray[np.int64]
    price: NDArray[np.float64]
    source: tuple[str, ...]
