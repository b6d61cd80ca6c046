"""Killed writers, full disks, servers that go away: a few of each; scripts/faults runs them all."""

import json
import os
import subprocess
import sys
from contextlib import closing

from crossmargin.store.address import store_at
from tests.store.kill_points import broken_promises
from tests.style.sources import ROOT


def told_by(module, *arguments):
    """What a fault program prints, run in a process of its own."""
    words = [sys.executable, "-m", f"tests.store.{module}", *map(str, arguments)]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def test_nothing_acknowledged_is_lost_when_a_writer_of_a_file_is_killed(sqlite_address):
    told = told_by("kill_points", sqlite_address, 20, 11)
    assert told["broken"] == []
    assert told["records"] > 100


def test_nothing_acknowledged_is_lost_when_a_writer_of_a_server_is_killed(postgres_address):
    told = told_by("kill_points", postgres_address, 20, 12)
    assert told["broken"] == []
    assert told["records"] > 100


def test_an_engine_that_is_killed_restarts_as_if_it_had_not_been(sqlite_address):
    told = told_by("engine_kills", sqlite_address, 12, 14)
    assert told["broken"] == []
    assert told["restarts_from_a_snapshot"] > 6


def test_nothing_acknowledged_is_lost_when_the_server_goes_away(server_folder):
    told = told_by("server_faults", server_folder, 1, 13)
    assert told["broken"] == []
    assert told["records"] > 0


def test_a_full_disk_stops_acknowledging_and_keeps_reading(sqlite_address):
    told = told_by("full_disk", sqlite_address, 300_000)
    assert told["refused"] == 3
    assert 0 < told["last"] < 1_000
    assert told["read"] >= told["last"]
    assert "acknowledges nothing more" in told["said"]
    assert broken_promises(sqlite_address, told["last"], 0) == []
    with closing(store_at(sqlite_address)) as store:
        assert store.append(store.open("next"), [b"goes on"]) > told["last"]


def test_a_writer_that_never_closes_leaves_a_whole_journal(sqlite_address):
    code = (
        "import sys; from crossmargin.store.address import store_at\n"
        "store = store_at(sys.argv[1]); fence = store.open('w')\n"
        "store.append(fence, [b'one', b'two'])\n"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    subprocess.run([sys.executable, "-c", code, sqlite_address], env=environment, check=True)
    with closing(store_at(sqlite_address)) as store:
        assert store.verify() == []
        assert [x.body for x in store.read()] == [b"one", b"two"]


def test_a_journal_verifies_while_another_process_writes_it(sqlite_address):
    code = (
        "import os, sys; from tests.store.kill_points import write_for_ever\n"
        "write_for_ever(sys.argv[1], os.open(os.devnull, os.O_WRONLY), 5)\n"
    )
    words = [sys.executable, "-c", code, sqlite_address]
    with subprocess.Popen(words, cwd=ROOT) as writer, closing(store_at(sqlite_address)) as store:
        try:
            while store.head().sequence < 20:
                assert writer.poll() is None
            before = store.head().sequence
            while store.head().sequence < before + 60:
                assert writer.poll() is None
                assert store.verify() == []
                assert sum(1 for _ in store.read()) >= before
        finally:
            writer.kill()
    assert store.verify() == []
