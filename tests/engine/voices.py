"""The small venue with bitcoin priced by four sources, and words to let them speak."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.engine.event_market import ListingAdded, Price
from crossmargin.engine.event_money import Deposit
from crossmargin.engine.price_rules import PriceRules
from crossmargin.engine.setup import Setup
from crossmargin.market.oracle import Fallback, FallbackKind, OraclePolicy, SourceTerms
from tests.engine.day import (
    INVERSE,
    OPTION,
    PERPETUAL,
    USDC_UNITS,
    Story,
    listing,
    opened,
    small_setup,
)

NAMES = ("aqua", "blue", "cyan", "dark")
MARKS = {PERPETUAL: Decimal(60_000), INVERSE: Decimal(60_000), OPTION: Decimal("0.02")}


def policy(asset: str = "BTC", names: Sequence[str] = NAMES, **more: Any) -> OraclePolicy:
    words: dict[str, Any] = {
        "asset": asset,
        "sources": tuple(SourceTerms(name=name) for name in names),
        "band_low": 100.0,
        "band_high": 10_000_000.0,
        "fallback": Fallback(
            name="last good price", kind=FallbackKind.LAST_GOOD, after_ns=600 * NS_PER_SECOND
        ),
    }
    return OraclePolicy(**{**words, **more})


@cache
def voiced_setup(sample_every: int = 1, **more: Any) -> Setup:
    """`small_setup` in which only "feed" is trusted, and bitcoin is priced by `NAMES`."""
    rules = PriceRules(policies={"BTC": policy()}, trusted=("feed",))
    return replace(small_setup(sample_every), prices=replace(rules, **more))


def say(story: Story, prices: Mapping[str, str] | str, asset: str = "BTC", at_ns: int = 0) -> None:
    """Each source says its own price, or all of them the same."""
    own = dict.fromkeys(NAMES, prices) if isinstance(prices, str) else prices
    for name, index in own.items():
        body = Price(asset=asset, index=Decimal(index), marks={})
        story.tell(body, source=name, at_ns=at_ns)


def voiced_opening(marks: bool = True) -> Story:
    """Two accounts with 10,000 USDC each, three listings, BTC at 60,000 by all sources."""
    story = Story()
    story.tick(0)
    for name in ("anna", "bela"):
        story.tell(opened(name))
    for listing_id, size in ((PERPETUAL, "1"), (INVERSE, "100"), (OPTION, "1")):
        story.tell(ListingAdded(listing=listing(listing_id, size)))
    story.tell(Price(asset="USDC", index=Decimal(1), marks={}))
    if marks:
        story.tell(Price(asset="BTC", index=None, marks=MARKS))
    say(story, "60000")
    for name in ("anna", "bela"):
        story.tell(Deposit(account_id=name, asset="USDC", amount_units=10_000 * USDC_UNITS))
    story.tick()
    return story


def marked(story: Story, mark: str) -> None:
    """The trusted feed says the marks of both perpetuals."""
    marks = {PERPETUAL: Decimal(mark), INVERSE: Decimal(mark)}
    story.tell(Price(asset="BTC", index=None, marks=marks))
