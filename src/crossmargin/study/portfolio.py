"""The portfolios that recipes are held against, in dollars of notional."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from crossmargin.domain.instrument import Right

NOTIONAL = 1_000_000.0
"""Dollars in each leg of a portfolio: a size at which no bracket and no add-on for size decides."""
FIRST, SECOND = "first", "second"
VENUES = (FIRST, SECOND)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OptionLeg:
    """`size` dollars of coins under a European option, long positive, that begins `days` from its
    expiry at `strike_frac` of the price.
    """

    coin: str
    right: Right
    strike_frac: float
    days: int
    size: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Perpetuals in dollars by (venue, coin), `coins` in dollars by coin, options; long positive.

    A portfolio with options stands on a surface that is the vol index everywhere: what it shows is
    how recipes compare, and no pass.
    """

    name: str
    side: str
    legs: Mapping[tuple[str, str], float]
    coins: Mapping[str, float] = field(default_factory=dict)
    options: tuple[OptionLeg, ...] = ()

    def weight(self, coin: str) -> float:
        """Net dollars of a coin without options, over those of one leg."""
        held = sum(size for (_, own), size in self.legs.items() if own == coin)
        return (held + self.coins.get(coin, 0.0)) / NOTIONAL

    @property
    def used(self) -> tuple[str, ...]:
        """Coins that any leg is in, sorted."""
        legs = {coin for _, coin in self.legs} | set(self.coins)
        return tuple(sorted(legs | {each.coin for each in self.options}))

    @property
    def is_across_venues(self) -> bool:
        """Whether its legs are at more than one venue."""
        return len({venue for venue, _ in self.legs}) > 1


def _sides(name: str, legs: Mapping[str, float]) -> tuple[Portfolio, Portfolio]:
    """Perpetuals at the first venue, and the opposite of it."""
    held = {
        sign: {(FIRST, coin): sign * part * NOTIONAL for coin, part in legs.items()}
        for sign in (1.0, -1.0)
    }
    return (
        Portfolio(name=name, side="long", legs=held[1.0]),
        Portfolio(name=name, side="short", legs=held[-1.0]),
    )


def _basis(coin: str) -> tuple[Portfolio, Portfolio]:
    """A perpetual against the coin itself, owned or owed."""
    held = {(FIRST, coin): NOTIONAL}, {(FIRST, coin): -NOTIONAL}
    return (
        Portfolio(name=f"{coin} basis", side="long", legs=held[0], coins={coin: -NOTIONAL}),
        Portfolio(name=f"{coin} basis", side="short", legs=held[1], coins={coin: NOTIONAL}),
    )


def _venues(coin: str) -> Portfolio:
    """The same perpetual at two venues."""
    legs = {(FIRST, coin): NOTIONAL, (SECOND, coin): -NOTIONAL}
    return Portfolio(name=f"{coin} venues", side="long", legs=legs)


PORTFOLIOS: tuple[Portfolio, ...] = (
    *_sides("BTC", {"BTC": 1.0}),
    *_sides("ETH", {"ETH": 1.0}),
    *_sides("ETH-BTC", {"ETH": 1.0, "BTC": -1.0}),
    *_basis("BTC"),
    *_basis("ETH"),
    _venues("BTC"),
    _venues("ETH"),
)


def _option(coin: str, right: Right, strike_frac: float, days: int, part: float) -> OptionLeg:
    return OptionLeg(
        coin=coin, right=right, strike_frac=strike_frac, days=days, size=part * NOTIONAL
    )


def _option_books(coin: str) -> tuple[Portfolio, ...]:
    call, put = Right.CALL, Right.PUT
    return (
        Portfolio(
            name=f"{coin} straddle",
            side="short",
            legs={},
            options=(_option(coin, call, 1.0, 30, -1.0), _option(coin, put, 1.0, 30, -1.0)),
        ),
        Portfolio(
            name=f"{coin} collar",
            side="long",
            legs={(FIRST, coin): NOTIONAL},
            options=(_option(coin, put, 0.9, 30, 1.0), _option(coin, call, 1.1, 30, -1.0)),
        ),
        Portfolio(
            name=f"{coin} calendar",
            side="short",
            legs={},
            options=(_option(coin, call, 1.0, 30, -1.0), _option(coin, call, 1.0, 90, 1.0)),
        ),
    )


OPTION_BOOKS: tuple[Portfolio, ...] = (*_option_books("BTC"), *_option_books("ETH"))
