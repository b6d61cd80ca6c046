"""A scene of two coins with perpetuals, and a history that the tests write themselves."""

from collections.abc import Mapping

import numpy as np

from crossmargin.base.counter_hash import counter_hash, unit_fraction
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.conformance.scene import AS_OF_NS, Scene
from crossmargin.domain.columns import BookColumns
from crossmargin.market.history import ReturnHistory
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.run import PricedMarket
from crossmargin.wire.recipes import read_recipe

DAYS = 120
PRICE = {"BTC": 60_000.0, "ETH": 3_000.0}


def past(days: int = DAYS, seed: int = 11) -> ReturnHistory:
    """Closes of two coins up to the day of the scene: a common part and one of its own."""
    words = unit_fraction(counter_hash(seed, 1, np.arange(2 * days, dtype=np.uint64))) - 0.5
    common, own = 0.1 * words[:days], 0.08 * words[days:]
    closes = np.stack(
        [
            PRICE["BTC"] * np.cumprod(np.concatenate([[1.0], 1.0 + common])),
            PRICE["ETH"] * np.cumprod(np.concatenate([[1.0], 1.0 + common + own])),
        ],
        axis=1,
    )
    return ReturnHistory(
        assets=("BTC", "ETH"),
        date_ns=AS_OF_NS + NS_PER_DAY * np.arange(-days, 1, dtype=np.int64),
        price=closes,
        source=("test", "test"),
    )


def scene(
    accounts: Mapping[str, Mapping[str, float]], **figures: Mapping[str, float]
) -> tuple[BookColumns, PricedMarket]:
    """Accounts with coins of perpetuals, entered at the mark; `figures` of assets by coin."""
    made = Scene()
    rows = {}
    for coin, price in PRICE.items():
        more = {name: own[coin] for name, own in figures.items() if coin in own}
        made.asset(coin, index=price, low=price, high=price, **more)
        rows[coin] = made.perpetual(coin, mark=price, funding_rate=0)
    for account, held in accounts.items():
        made.account(account)
        made.balance("USD", 1_000_000, account=account)
        for coin, coins in held.items():
            made.position(rows[coin], coins, account=account, entry=PRICE[coin])
    book, priced = made.built()
    priced.history = past()
    return book, priced


def required(
    text: str, book: BookColumns, priced: PricedMarket, *, explain: bool = False
) -> list[float]:
    """Dollars that each account needs at maintenance."""
    found = assess(read_recipe(text.encode()), book, priced, explain=explain)
    ticks = found.levels["maintenance"].requirement
    return [float(each) * 2.0**found.tick_exponent for each in ticks]
