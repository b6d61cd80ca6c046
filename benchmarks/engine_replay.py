"""A journal written event by event, and replayed: microseconds of each step.

    python benchmarks/engine_replay.py FILE [--events N] [--must R]

The bundled day goes through the live engine on a store with one event a batch: encoded, chained,
inserted, flushed, applied. Replay reads, checks the chain, decodes and applies the same events; a
restart begins with a snapshot. Journal alone is the same without the engine: appends of one record
and reading back. Wall time, since a flush waits; processor time beside it. Exit 3 when reading back
is not --must times as fast as appending, or the replay gives another state.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time
from typing import TypeVar

from crossmargin.engine.state_hash import state_hash
from crossmargin.store.address import store_at
from crossmargin.store.durable import DurableRun, opened, run_batches
from crossmargin.store.restart import Restarted, keep_snapshot, restarted
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.event import event_line, read_event, read_events

DAY = Path(__file__).parent.parent / "examples" / "crash-day.jsonl"
Found = TypeVar("Found")


def timed(what: str, count: int, work: Callable[[], Found]) -> tuple[Found, float]:
    """What `work` gives, and its wall time in microseconds for each of `count` events; printed."""
    wall, own = perf_counter(), process_time()
    found = work()
    wall_us = (perf_counter() - wall) / count * 1e6
    own_us = (process_time() - own) / count * 1e6
    print(f"{what:34s} {wall_us:9.1f} us an event, {own_us:9.1f} of the processor")
    return found, wall_us


def main() -> int:
    """One line a step, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--events", type=int, default=320)
    parser.add_argument("--must", type=float, default=10.0)
    options = parser.parse_args()
    registry = bundled_registry()
    events = read_events(DAY.read_bytes(), registry)[: options.events]
    count = len(events)
    with closing(store_at(options.file)) as store:
        run = DurableRun(store=store, fence=store.open("benchmark"), batch=1, snapshot_every=0)
        begun = opened(run, ("house",))

        def durable() -> str:
            state = begun.state
            for state, _ in run_batches(run, begun, events):  # noqa: B007 - the last one counts
                pass
            return state_hash(state)

        named, durable_us = timed("durable, one event a batch", count, durable)
        lines, _ = timed("encode", count, lambda: [event_line(event, registry) for event in events])
        timed("decode", count, lambda: [read_event(line, registry) for line in lines])
        again: Restarted
        again, replay_us = timed(
            "replay: read, check, decode, apply", count, lambda: restarted(store)
        )
        keep_snapshot(store, run.fence, again.state, store.head().sequence)
        timed("restart from a snapshot", count, lambda: restarted(store))
    with closing(store_at(options.file + "-alone")) as alone:
        fence = alone.open("benchmark")

        def appended() -> None:
            for line in lines:
                alone.append(fence, [line])

        _, append_us = timed("journal alone: appends of one", count, appended)
        _, read_us = timed(
            "journal alone: reading back", count, lambda: sum(1 for _ in alone.read())
        )
    journal = append_us / read_us
    print(f"replay of the journal {journal:.0f} times its appends, must be {options.must:g}")
    print(f"replay through the engine {durable_us / replay_us:.2f} times the durable path")
    same = state_hash(again.state) == named
    return 0 if same and journal >= options.must else 3


if __name__ == "__main__":
    sys.exit(main())
