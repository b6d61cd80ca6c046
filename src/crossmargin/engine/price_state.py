"""What the engine keeps of each asset's sources and of each mark that it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from crossmargin.market.marks import BookTop, PerpetualMark
from crossmargin.market.oracle import Fused
from crossmargin.market.price_average import Average


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The newest message of a source about an asset, as it came: dollars per coin."""

    source: str
    price: Decimal
    event_time_ns: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BackingSaid:
    """What is known of the backing of a wrapped or pegged asset."""

    backed_frac: float
    proven_ns: int
    redeemable: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPrices:
    """One asset: its sources' newest messages, sorted by source (two of one source that say two
    things of one instant are both kept), and the price made of them.

    `left_out` is (source, reason) of what does not count; the messages themselves are in `said`.
    """

    said: tuple[Said, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    fused: Fused | None = None
    backing: BackingSaid | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarkState:
    """What marks are made of. By listing: the top of its book, the mark of a perpetual, the vol
    that is quoted for an option. By expiry (venue, underlying, time) and strike, both as text: the
    vol averaged over time.
    """

    tops: Mapping[str, BookTop] = field(default_factory=dict)
    perpetuals: Mapping[str, PerpetualMark] = field(default_factory=dict)
    quoted_vols: Mapping[str, float] = field(default_factory=dict)
    averages: Mapping[str, Mapping[str, Average]] = field(default_factory=dict)
