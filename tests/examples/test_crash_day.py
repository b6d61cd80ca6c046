"""The bundled crash day is a story of the engine as it is: nothing that it tells is refused."""

from crossmargin.engine.effect import CallChanged, EventRefused
from crossmargin.engine.replay import replayed
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import read_events
from tests.examples.fund_files import EXAMPLES


def test_every_event_of_the_crash_day_is_taken_and_calls_end_in_every_way() -> None:
    events = read_events((EXAMPLES / "crash-day.jsonl").read_bytes(), bundled_registry())
    _, effects = replayed(bundled_setup(["house"]), events)
    assert [each for each in effects if isinstance(each, EventRefused)] == []
    ways = {each.call.state.value for each in effects if isinstance(each, CallChanged)}
    assert {"acknowledged", "disputed", "met", "expired"} <= ways
