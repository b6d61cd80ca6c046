"""How much of an underlying the owner of an account has at all accounts: a size out of the market's
totals.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net, times_field
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.market_totals import by_owner

F8 = NDArray[np.float64]

OWNER_NOTIONAL: Final = "owner_notional"
OWNER_FIELDS: Final = ("owner_coins", OWNER_NOTIONAL)


def owner_size(context: Context, at: str, name: str, underlying: F8) -> F8:
    """(groups,) the owner's net delta in each group's `underlying` (groups,), NaN for none: >= 0,
    in coins, or in reporting currency at the index.

    Never below what the group itself holds, which the totals may be too old to know. NaN where no
    totals by owner were published.
    """
    known = ~np.isnan(underlying)
    assets = np.where(known, underlying, 0.0).astype(np.int64)
    coins = np.abs(by_owner(context, at, assets, context.run.priced.totals.owner_delta))
    p = context.positions
    held = times_field(p.contracts, context.field("delta_coins")[p.instrument])
    own = np.abs(net(context.groups(at).rows["positions"], held))
    size = np.where(known, np.maximum(coins, own), np.nan)
    if name == OWNER_NOTIONAL:
        size = times_field(size, context.run.asset_rate()[assets])
    return size
