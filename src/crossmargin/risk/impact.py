"""What closing a position costs: half the spread, and an impact that grows with size.

One formula for margin, haircuts, liquidation and simulation alike. Impact follows a power of the
size in days of volume, the volatility, and the square root of the time that closing takes.

Source of the square-root form: R. Almgren, C. Thum, E. Hauptmann and H. Li, Direct estimation of
equity market impact, 2005.
"""

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import exp_fixed, log_fixed

F8 = NDArray[np.float64]


def close_out_days(size: F8, adv: F8, participation: F8) -> F8:
    """Money and money a day -> days until `size` is closed as the share `participation` of all
    volume.

    0 for nothing; NaN where there is something and no volume is known, or none is traded.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        days = np.where((adv > 0.0) & (participation > 0.0), size / (participation * adv), np.nan)
    return np.where(size == 0.0, 0.0, days)


def impact_frac(
    size: F8,
    adv: F8,
    half_spread_frac: F8,
    day_vol: F8,
    *,
    coefficient: F8,
    power: F8,
    participation: F8,
) -> F8:
    """Cost of closing, as a fraction of the size: half_spread + coefficient x (size / adv) ** power
    x day_vol x sqrt(days).

    `size` in money, 0 or more; `adv` money a day; `day_vol` the standard deviation of a day's
    relative move; days as `close_out_days` has them. Never falls as the size grows. 0 for nothing;
    NaN where there is something and a figure is missing: an unknown depth is no depth.
    """
    days = close_out_days(size, adv, participation)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        volumes = np.where((size > 0.0) & (adv > 0.0), size / adv, 1.0)
        moved = coefficient * exp_fixed(power * log_fixed(volumes)) * day_vol * np.sqrt(days)
        cost = half_spread_frac + moved
    return np.where(size == 0.0, 0.0, np.where(size > 0.0, cost, np.nan))
