"""A small venue: two accounts, a perpetual, an inverse one and an option; events by short words."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from crossmargin.base.instant import NS_PER_SECOND, parse_instant
from crossmargin.domain.account import Account, Authority
from crossmargin.domain.instrument import Listing
from crossmargin.domain.symbol import parse_symbol
from crossmargin.engine.effect import Effect
from crossmargin.engine.event import Body, Event
from crossmargin.engine.event_control import AccountOpened, ClockTick
from crossmargin.engine.event_market import ListingAdded, Price
from crossmargin.engine.event_money import Deposit
from crossmargin.engine.event_trade import Fill
from crossmargin.engine.price_rules import PriceRules
from crossmargin.engine.setup import Settings, Setup
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.window import receive
from crossmargin.wire.assets import bundled_registry

START_NS = parse_instant("2026-08-08T00:00:00Z") or 0
PERPETUAL = "venue:BTC/USDC:USDC"
INVERSE = "venue:BTC/USD:BTC"
OPTION = "venue:BTC/USD:BTC-260925-60000-P"
USDC_UNITS = 10**6
BTC_UNITS = 10**8

TINY: dict[str, Any] = {
    "name": "tiny",
    "title": "A price grid",
    "valid_from": "2026-01-01",
    "source": "illustrative",
    "reporting": "USD",
    "tick_exponent": -14,
    "rounding_unit": "0.01",
    "params": {
        "price_range": {"value": 0.1, "low": 0.0, "high": 0.9, "source": "illustrative"},
        "maintenance_factor": {"value": 0.5, "low": 0.0, "high": 1.0, "source": "illustrative"},
    },
    "scenarios": {
        "grid": {
            "kind": "grid",
            "price_edge": "$price_range",
            "vol": ["same"],
            "price_move": [-1.0, -0.5, 0.0, 0.5, 1.0],
        }
    },
    "define": {
        "equity": {
            "op": "sum",
            "parts": [
                {"charge": "cash"},
                {"charge": "unrealised"},
                {"charge": "mark_value", "select": {"kind": "option"}},
            ],
        },
        "scan": {"per": "underlying", "part": {"charge": "scan_loss", "scenarios": "grid"}},
    },
    "level": {
        "initial": {"equity": {"ref": "equity"}, "requirement": {"ref": "scan"}},
        "maintenance": {
            "equity": {"ref": "equity"},
            "requirement": {
                "op": "scale",
                "factor": "$maintenance_factor",
                "part": {"ref": "scan"},
            },
        },
    },
}


@cache
def small_setup(sample_every: int = 1, together_least: int = 256) -> Setup:
    registry = bundled_registry()
    return Setup(
        assets={code: registry.asset(code) for code in registry.codes()},
        recipes={"tiny": TINY},
        default_recipe="tiny",
        settings=Settings(sample_every=sample_every, together_least=together_least),
        prices=PriceRules(trusted=("feed", "oracle")),
    )


def listing(listing_id: str, size: str = "1") -> Listing:
    venue, _, symbol = listing_id.partition(":")
    instrument = parse_symbol(symbol)
    return Listing(
        venue=venue,
        native_symbol=symbol,
        economic_id=symbol,
        instrument=instrument,  # type: ignore[arg-type]
        contract_size=Decimal(size),
    )


class Story:
    """Events with ids and sequences counted per source; a tick a second by default."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now_ns = START_NS
        self.counts: dict[str, int] = {}

    def tell(self, body: Body, *, source: str = "feed", event_id: str = "", at_ns: int = 0) -> str:
        number = self.counts[source] = self.counts.get(source, 0) + 1
        name = event_id or f"{source}-{number}"
        self.events.append(
            Event(
                event_id=name,
                source=source,
                source_sequence=number,
                event_time_ns=at_ns or self.now_ns,
                body=body,
            )
        )
        return name

    def tick(self, seconds: float = 3.0) -> None:
        self.now_ns += int(seconds * NS_PER_SECOND)
        self.tell(ClockTick(), source="clock")


def opened(name: str, authority: Authority = Authority.ENFORCE) -> AccountOpened:
    return AccountOpened(
        account=Account(account_id=name, entity_id=name, venue="venue", authority=authority)
    )


def price(index: str, *, perpetual: str | None = None, inverse: str | None = None) -> Price:
    return Price(
        asset="BTC",
        index=Decimal(index),
        marks={
            PERPETUAL: Decimal(perpetual or index),
            INVERSE: Decimal(inverse or index),
            OPTION: Decimal("0.02"),
        },
    )


def opening() -> Story:
    """Two accounts with 10,000 USDC each, three listings, BTC at 60,000."""
    story = Story()
    story.tick(0)
    story.tell(opened("anna"))
    story.tell(opened("bela"))
    for listing_id, size in ((PERPETUAL, "1"), (INVERSE, "100"), (OPTION, "1")):
        story.tell(ListingAdded(listing=listing(listing_id, size)))
    story.tell(Price(asset="USDC", index=Decimal(1), marks={}))
    story.tell(price("60000"))
    for name in ("anna", "bela"):
        story.tell(Deposit(account_id=name, asset="USDC", amount_units=10_000 * USDC_UNITS))
    story.tick()
    return story


def fill(account: str, side: Any, contracts: str, at: str, listing_id: str = PERPETUAL) -> Fill:
    return Fill(
        account_id=account,
        listing_id=listing_id,
        side=side,
        contracts=Decimal(contracts),
        price=Decimal(at),
    )


def played(
    events: Sequence[Event], setup: Setup | None = None, state: EngineState | None = None
) -> tuple[EngineState, list[Effect]]:
    own = setup or small_setup()
    now = state or initial_state(own)
    told: list[Effect] = []
    for event in events:
        now, effects = receive(own, now, event)
        told += effects
    return now, told
