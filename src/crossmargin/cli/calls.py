"""`crossmargin calls`: every margin call, what it asks for and what became of it."""

from crossmargin.action.call import OPEN
from crossmargin.cli.event_source import stands_at
from crossmargin.cli.input_words import EventsOption, Flag
from crossmargin.cli.printing import write_json
from crossmargin.wire.effect import call_values


def calls(
    *,
    events: EventsOption = None,
    store: str | None = None,
    recipe: tuple[str, ...] = (),
    open: Flag = False,  # noqa: A002 - the word of the command line
) -> None:
    """Margin calls as JSON, from a file of events or the journal of a store.

    Parameters
    ----------
    events
        A file of events, or - for standard input.
    store
        A file path or postgresql://...
    recipe
        As for engine run.
    open
        Only those that are not met and not expired.
    """
    state = stands_at(events, store, recipe).state
    found = [call for _, call in sorted(state.calls.items()) if not open or call.state in OPEN]
    write_json([call_values(call) for call in found])
