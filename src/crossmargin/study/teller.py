"""Tells a live engine a story event by event, and keeps what was told and what came of it."""

from dataclasses import dataclass, field
from typing import final

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.engine.effect import Effect
from crossmargin.engine.event import Body, Event
from crossmargin.engine.event_control import ClockTick
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState
from crossmargin.engine.window import receive

TICK_NS = 5 * NS_PER_SECOND


@final
@dataclass(slots=True, kw_only=True)
class Teller:
    """Ids and sequences count by source; every event happens at `now_ns`."""

    setup: Setup
    state: EngineState
    now_ns: int
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def tell(self, source: str, body: Body) -> None:
        """One more event of a source, now."""
        number = self.counts[source] = self.counts.get(source, 0) + 1
        event = Event(
            event_id=f"{source}-{number}",
            source=source,
            source_sequence=number,
            event_time_ns=self.now_ns,
            body=body,
        )
        self.events.append(event)
        self.state, effects = receive(self.setup, self.state, event)
        self.effects += effects

    def tick(self, length_ns: int = TICK_NS) -> None:
        """Time passes, and the clock says so."""
        self.now_ns += length_ns
        self.tell("clock", ClockTick())
