from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.simulator import Plan, failure_of, plan_of, shrunk

CORPUS = Path(__file__).parent / "corpus.txt"
SEEDS = 50
PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
def test_no_seed_finds_anything_wrong(part: int) -> None:
    found = [failure_of(seed) for seed in range(part, SEEDS, PARTS)]
    assert [failure for failure in found if failure is not None] == []


def test_no_seed_that_once_failed_fails_again() -> None:
    seeds = [int(line.split()[0]) for line in CORPUS.read_text().splitlines() if line[:1].isdigit()]
    assert seeds
    assert [x for x in map(failure_of, seeds) if x is not None] == []


def test_a_seed_gives_the_same_plan_again_and_others_give_others() -> None:
    # A broken feed says NaN, which is not equal to itself.
    assert repr(plan_of(7)) == repr(plan_of(7))
    assert repr(plan_of(7).rounds) != repr(plan_of(8).rounds)


def test_a_failure_is_shrunk_to_the_events_that_show_it() -> None:
    plan = plan_of(3)
    names = [x.event_id for part in plan.rounds for x in part if x.source != "clock"]
    needed = {names[1], names[-2]}

    def wrong(less: Plan) -> str | None:
        left = {x.event_id for part in less.rounds for x in part}
        return "both are there" if needed <= left else None

    assert set(shrunk(plan, wrong)) == needed
    assert shrunk(replace(plan, crash=0), wrong) == shrunk(plan, wrong)
