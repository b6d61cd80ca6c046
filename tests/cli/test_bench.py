import json
import math
from itertools import pairwise

import pytest

from crossmargin.cli import bench as command
from crossmargin.cli import bench_aggregation, bench_case, bench_pricing
from crossmargin.cli.bench_case import Target, compared, medians, share_of
from crossmargin.cli.exit_status import ExitStatus

FAST = Target(must=6.0, aim=18.0)
NEAR = Target(must=2.0, aim=1.1, ceiling=True)


def lines(*, quick: bool):
    """Two figures that are met and one that nothing could be compared with."""
    assert quick
    return [
        compared("ours against a peer", "s", FAST, 1.0, 7.0),
        compared("ours against a limit", "s", NEAR, 3.0, 2.0),
        compared("no peer here", "s", FAST, 1.0, None),
    ]


def test_a_ratio_counts_how_often_ours_goes_into_the_peer_or_the_limit_into_ours() -> None:
    fast, near, alone = (line.row() for line in lines(quick=True))
    assert (fast["ratio"], fast["met"]) == (7.0, True)
    assert (near["ratio"], near["met"]) == (1.5, True)
    assert (alone["ratio"], alone["met"]) == (None, None)
    assert compared("slow", "s", FAST, 1.0, 5.9).row()["met"] is False
    assert compared("far", "s", NEAR, 2.1, 1.0).row()["met"] is False
    assert share_of("read", "GB/s", Target(must=0.5, aim=0.9), 60.0, 100.0).row()["ratio"] == 0.6


def test_the_rows_have_the_promised_keys(monkeypatch, capsys) -> None:
    monkeypatch.setattr(command, "CASES", (lines,))
    assert command.bench(quick=True, json=True) == ExitStatus.DONE
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 3
    keys = ["name", "ours", "reference", "unit", "ratio", "must", "aim", "met"]
    assert [list(row) for row in rows] == [keys] * 3


def test_a_missed_ratio_ends_with_the_status_of_a_failed_check(monkeypatch, capsys) -> None:
    def missed(*, quick: bool):
        return [compared("ours against a peer", "s", FAST, 1.0, 5.0)]

    monkeypatch.setattr(command, "CASES", (lines, missed))
    assert command.bench(quick=True) == ExitStatus.CHECK_FAILED
    shown = capsys.readouterr().out
    assert "NO" in shown
    assert "no peer here" in shown


def test_medians_run_every_variant_in_every_round() -> None:
    runs: list[str] = []
    found = medians({"one": lambda: runs.append("one"), "two": lambda: runs.append("two")}, 3, 1.0)
    assert runs == ["one", "two"] * 4
    assert all(seconds >= 0.0 for seconds in found.values())


def test_a_peer_that_is_not_installed_is_none() -> None:
    assert bench_case.peer("no_such_library.at_all") is None
    assert bench_case.peer("math") is math


@pytest.mark.parametrize("is_sorted", [False, True])
def test_the_books_that_are_measured_are_what_they_are_called(is_sorted: bool) -> None:
    rows = bench_aggregation.rows_of(200, is_sorted=is_sorted)
    underlying = rows.listing // (bench_aggregation.LISTINGS // bench_aggregation.UNDERLYINGS)
    per_account = [set(part) for part in map(list, _split(underlying, rows.indptr))]
    assert all(len(held) == 1 for held in per_account) == is_sorted
    assert rows.change.ctypes.data % 64 == 0
    assert len(rows.aggregate()[0]) == 200


def _split(values, indptr):
    return [values[a:b] for a, b in pairwise(indptr)]


def test_the_prices_that_are_timed_agree_with_the_peer(monkeypatch) -> None:
    special = pytest.importorskip("scipy.special")
    monkeypatch.setattr(bench_pricing, "OPTIONS", 100)
    chain = bench_pricing.Chain()
    bench_pricing._ours(chain)
    ours = chain.price.copy()
    bench_pricing._numpy_ndtr(chain, special.ndtr)
    assert abs(ours - chain.price).max() < 1e-8
