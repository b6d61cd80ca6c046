import csv
import io
import json
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from crossmargin.cli.exit_status import ExitStatus
from crossmargin.engine.snapshot import snapshot_body
from crossmargin.store.address import store_at
from crossmargin.store.restart import restarted
from tests.cli.run import Ended, crossmargin
from tests.style.sources import ROOT

WHOLE_DAY = ROOT / "examples" / "crash-day.jsonl"
MORNING_LINES = 150
"""Up to the first call that expires, and the first funding."""


MORNING = b"".join(WHOLE_DAY.read_bytes().splitlines(keepends=True)[:MORNING_LINES])


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Ended]:
    path = str(tmp_path_factory.mktemp("store") / "day.db")
    return path, run("--store", path)


def run(*words: str, events: bytes = MORNING) -> Ended:
    return crossmargin("engine", "run", "--events", "-", *words, stdin=events)


def test_a_day_from_standard_input_has_the_effects_that_a_store_gives(
    stored: tuple[str, Ended],
) -> None:
    _, durable = stored
    plain = run("--check-every", "10")
    assert plain.status == durable.status == ExitStatus.DONE
    assert plain.out == durable.out
    effects = [json.loads(line) for line in plain.out.splitlines()]
    assert {x["effect"] for x in effects} == {"standing", "call", "decision"}
    states = {x["call"]["state"] for x in effects if x["effect"] == "call"}
    assert {"issued", "acknowledged", "disputed", "met", "expired"} <= states
    assert "paper_profit" in {x.get("limit") for x in effects}


def test_a_replay_verifies_and_prints_the_same_hash_in_another_batch_size(
    stored: tuple[str, Ended], tmp_path: Path
) -> None:
    other = str(tmp_path / "other.db")
    run("--store", other, "--batch", "7")
    first, second = (
        crossmargin("replay", path, "--verify", "--json") for path in (stored[0], other)
    )
    assert first.status == second.status == ExitStatus.DONE
    assert json.loads(first.out) == json.loads(second.out)
    report = json.loads(first.out)
    assert list(report) == [
        "events",
        "state_hash",
        "journal_head",
        "trial_balance_zero",
        "incremental_equals_full",
    ]
    assert report["events"] == len(MORNING.splitlines())
    assert report["trial_balance_zero"] is report["incremental_equals_full"] is True


def test_the_same_day_again_and_the_rest_of_a_broken_one_change_nothing(
    stored: tuple[str, Ended], tmp_path: Path
) -> None:
    path = str(tmp_path / "day.db")
    half = b"".join(MORNING.splitlines(keepends=True)[:70])
    for events in (half, MORNING, MORNING):
        ended = run("--store", path, events=events)
        assert ended.status == ExitStatus.DONE
    assert {json.loads(line)["effect"] for line in ended.out.splitlines()} == {"repeated"}
    again = crossmargin("replay", path, "--json")
    once = crossmargin("replay", stored[0], "--json")
    assert json.loads(again.out) == json.loads(once.out)


def test_a_changed_byte_of_the_journal_is_found(tmp_path: Path) -> None:
    path = tmp_path / "day.db"
    run("--store", str(path))
    data = bytearray(path.read_bytes())
    place = data.index(b'"account":"lever"')
    data[place + 12] ^= 1
    path.write_bytes(bytes(data))
    assert crossmargin("replay", str(path), "--verify").status == ExitStatus.CHECK_FAILED


def test_the_ledger_adds_up_and_says_why(stored: tuple[str, Ended]) -> None:
    path, _ = stored
    sums = json.loads(crossmargin("ledger", "trial-balance", "--store", path).out)
    assert sums == {"BTC": "0", "USDC": "0"}
    change = json.loads(crossmargin("ledger", "why", "--account", "lever", "--store", path).out)
    parts = [float(amount) for amount in change["causes"].values()]
    assert sum(parts) == pytest.approx(float(change["equity_after"]), abs=1e-6)
    assert float(change["causes"]["funding"]) != 0
    words = ("--account", "lever", "--asset", "USDC", "--store", path)
    rows = json.loads(crossmargin("ledger", "statement", *words).out)
    moved = sum(int(row["change_units"]) for row in rows)
    assert moved == int(rows[-1]["balance_units"])


def test_the_ledger_leaves_whole_as_csv_as_beancount_and_as_parquet(
    stored: tuple[str, Ended], tmp_path: Path
) -> None:
    path, _ = stored
    table = crossmargin("ledger", "export", "--store", path)
    rows = list(csv.DictReader(io.StringIO(table.out)))
    assert {row["asset"] for row in rows} == {"BTC", "USDC"}
    words = ("ledger", "export", "--format", "beancount", "--store", path)
    told = crossmargin(*words)
    assert told.out.startswith('option "title" "crossmargin ledger"')
    assert told.out.count(" * ") == sum(row["state"] == "posted" for row in rows)
    written = tmp_path / "ledger.parquet"
    words = ("ledger", "export", "--format", "parquet", "--store", path)
    assert crossmargin(*words).status == ExitStatus.INPUT_REFUSED
    assert crossmargin(*words, "--out", str(written)).status == ExitStatus.DONE
    frame = pl.read_parquet(written)
    assert frame["amount_units"].to_list() == [row["amount_units"] for row in rows]
    copy = tmp_path / "ledger.csv"
    words = ("ledger", "export", "--store", path, "--out", str(copy))
    assert crossmargin(*words).out == ""
    assert copy.read_bytes().decode() == table.out


def test_calls_and_status_tell_where_everything_stands(stored: tuple[str, Ended]) -> None:
    path, _ = stored
    calls = json.loads(crossmargin("calls", "--store", path).out)
    assert {call["account_id"] for call in calls} == {"lever", "writer"}
    assert all(call["terms"]["currency"] == "USD" for call in calls)
    assert json.loads(crossmargin("calls", "--open", "--store", path).out) == []
    status = json.loads(crossmargin("engine", "status", "--store", path).out)
    assert set(status["accounts"]) == {"bear", "hedged", "lever", "writer"}
    assert status["waiting_events"] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("engine", "run"),
        ("engine", "run", "--events", str(WHOLE_DAY), "--batch", "0"),
        ("engine", "run", "--events", str(WHOLE_DAY), "--check-every", "-1"),
        ("engine", "run", "--events", str(WHOLE_DAY), "--recipe", "none"),
        ("engine", "run", "--events", "no-such-file"),
        ("engine", "status"),
        ("engine", "status", "--events", str(WHOLE_DAY), "--store", "x"),
        ("ledger", "statement", "--events", str(WHOLE_DAY), "--account", "lever"),
        ("calls", "--store", "ftp://x"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(words: tuple[str, ...]) -> None:
    ended = crossmargin(*words)
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert ended.err


def test_a_journal_under_another_setup_is_refused(
    stored: tuple[str, Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossmargin.wire.engine_setup.PRICES", "deribit_dvol_daily_2021_2026.csv")
    monkeypatch.setattr(
        "crossmargin.wire.engine_setup.read_daily_closes",
        lambda data, name: None,
    )
    ended = crossmargin("replay", stored[0])
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert "config_hash" in ended.err


def test_a_restart_goes_on_from_the_newest_snapshot_and_status_says_so(tmp_path: Path) -> None:
    path = str(tmp_path / "day.db")
    lines = MORNING.splitlines(keepends=True)
    run("--store", path, "--batch", "10", "--snapshot-every", "20", events=b"".join(lines[:70]))
    status = json.loads(crossmargin("engine", "status", "--store", path).out)
    assert status["restart"] == {"snapshot": 61, "events_since": 10, "alarms": []}
    kept = json.loads(crossmargin("engine", "snapshot", "--store", path).out)
    assert kept["snapshot"] == 71
    status = json.loads(crossmargin("engine", "status", "--store", path).out)
    assert status["restart"]["events_since"] == 0
    report = json.loads(crossmargin("replay", path, "--verify", "--json").out)
    assert report["state_hash"] == kept["state_hash"]


def test_a_snapshot_that_cannot_be_used_is_an_alarm_never_a_silence(tmp_path: Path) -> None:
    path = str(tmp_path / "day.db")
    lines = MORNING.splitlines(keepends=True)
    run("--store", path, "--batch", "10", "--snapshot-every", "20", events=b"".join(lines[:50]))
    with closing(store_at(path)) as store:
        store.snapshot_write(store.open("other"), 51, b"no state")
    ended = crossmargin("engine", "status", "--store", path)
    status = json.loads(ended.out)["restart"]
    assert (status["snapshot"], status["events_since"]) == (41, 10)
    assert "snapshot[51]" in status["alarms"][0]
    assert "ALARM snapshot[51]" in ended.err
    assert "snapshot[41] was used" in ended.err
    for words in (("calls",), ("ledger", "trial-balance")):
        assert "ALARM snapshot[51]" in crossmargin(*words, "--store", path).err
    assert "ALARM snapshot[51]" in run("--store", path, events=b"".join(lines[:51])).err
    assert crossmargin("replay", path, "--json").status == ExitStatus.DONE
    verified = crossmargin("replay", path, "--verify")
    assert verified.status == ExitStatus.CHECK_FAILED
    assert "snapshot[51]" in verified.err


def test_a_snapshot_of_another_state_is_found_by_a_replay(tmp_path: Path) -> None:
    path = str(tmp_path / "day.db")
    lines = MORNING.splitlines(keepends=True)
    run("--store", path, events=b"".join(lines[:50]))
    with closing(store_at(path)) as store:
        store.snapshot_write(store.open("other"), 45, snapshot_body(restarted(store).state))
    verified = crossmargin("replay", path, "--verify")
    assert verified.status == ExitStatus.CHECK_FAILED
    assert "snapshot[45]: it is another state" in verified.err


def test_a_snapshot_needs_a_journal(tmp_path: Path) -> None:
    for words in ((), ("--store", str(tmp_path / "none.db"))):
        assert crossmargin("engine", "snapshot", *words).status == ExitStatus.INPUT_REFUSED
    assert not list(tmp_path.iterdir())


def test_a_setup_file_counts_in_a_run_and_stays_with_its_journal(tmp_path: Path) -> None:
    words = tmp_path / "engine.toml"
    words.write_text(
        """
trusted = ["oracle"]
[[breaker]]
name = "fast-bitcoin"
metric = "price_move"
asset = "BTC"
window_seconds = 600
bound = 0.05
actions = ["no_new_risk"]
""",
        encoding="utf-8",
    )
    path = str(tmp_path / "day.db")
    ended = run("--store", path, "--setup", str(words))
    alarms = [json.loads(line) for line in ended.out.splitlines() if '"alarm"' in line]
    assert ("breaker_tripped", "fast-bitcoin") in {(x["kind"], x["where"]) for x in alarms}
    status = json.loads(crossmargin("engine", "status", "--store", path).out)
    assert status["breakers_tripped"] == ["fast-bitcoin"]
    assert status["prices"] == {"trusted": ["oracle"], "policies": {}}
    assert crossmargin("replay", path, "--verify").status == ExitStatus.DONE
    words.write_text("trusted = []", encoding="utf-8")
    refused = run("--setup", str(words))
    assert '"effect":"refused"' in refused.out
    assert run("--setup", "no-such.toml").status == ExitStatus.INPUT_REFUSED
