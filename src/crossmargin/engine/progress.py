"""Each source counts its events: what is missing is named, and comes late or not at all."""

from dataclasses import replace

from crossmargin.engine.effect import Alarm, AlarmKind
from crossmargin.engine.event import Event
from crossmargin.engine.state import EngineState, SourceProgress


def progressed(state: EngineState, event: Event) -> tuple[EngineState, tuple[Alarm, ...]]:
    """The state with the event counted at its source, and an alarm when a gap opens or closes.

    While events of a venue are missing, nobody gets new credit there; the first event of a source
    sets its count.
    """
    known = state.sources.get(event.source)
    number = event.source_sequence
    alarms: tuple[Alarm, ...] = ()
    if known is None:
        fresh = SourceProgress(last_sequence=number)
    elif number > known.last_sequence:
        missing = known.missing
        if number > known.last_sequence + 1:
            gap = (known.last_sequence + 1, number - 1)
            missing = (*missing, gap)
            alarms = (_alarm(event, AlarmKind.SEQUENCE_GAP, f"{gap[0]} to {gap[1]} are missing"),)
        fresh = SourceProgress(last_sequence=number, missing=missing)
    else:
        fresh = replace(known, missing=_without(known.missing, number))
        if known.missing and not fresh.missing:
            alarms = (_alarm(event, AlarmKind.SEQUENCE_WHOLE, "nothing is missing any more"),)
    return replace(state, sources={**state.sources, event.source: fresh}), alarms


def _without(missing: tuple[tuple[int, int], ...], number: int) -> tuple[tuple[int, int], ...]:
    left: list[tuple[int, int]] = []
    for first, last in missing:
        if not first <= number <= last:
            left.append((first, last))
            continue
        left += [part for part in ((first, number - 1), (number + 1, last)) if part[0] <= part[1]]
    return tuple(left)


def _alarm(event: Event, kind: AlarmKind, message: str) -> Alarm:
    return Alarm(event_id=event.event_id, kind=kind, where=event.source, message=message)
