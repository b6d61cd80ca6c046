"""Changed, cut off and torn: everything that happens to a stored journal is found and named."""

import re
import shutil
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from crossmargin.store.address import store_at
from crossmargin.store.port import StoreDamaged
from tests.store.flips import (
    CLOSED,
    CRASHED,
    RECORDS,
    closed_journal,
    crashed_journal,
    flip_files,
    flip_rows,
    write_journal,
)


def verified(path):
    with closing(store_at(str(path))) as store:
        return store.verify()


def places(failures):
    return [x.where for x in failures]


def test_no_changed_byte_of_a_closed_journal_stays_unseen(tmp_path):
    path = closed_journal(tmp_path)
    flips = flip_files(path, CLOSED, 350, seed=1)
    assert (flips.unseen, flips.used) == ([], [])
    assert verified(path) == []


def test_no_changed_byte_of_a_killed_writers_log_stays_unseen(tmp_path):
    path = crashed_journal(tmp_path)
    flips = flip_files(path, CRASHED, 150, seed=2)
    assert (flips.unseen, flips.used) == ([], [])
    assert verified(path) == []


def test_no_changed_byte_of_a_row_stays_unseen(postgres_address):
    with closing(store_at(postgres_address)) as store:
        write_journal(store)
    flips = flip_rows(postgres_address, 60, seed=3)
    assert (flips.unseen, flips.used) == ([], [])
    assert verified(postgres_address) == []


def test_a_changed_record_is_named_by_its_number_and_its_page(tmp_path):
    path = closed_journal(tmp_path)
    content = path.read_bytes()
    place = content.index(b'{"record":17,')
    path.write_bytes(content[: place + 10] + b"9" + content[place + 11 :])
    found = places(verified(path))
    assert "journal[17]" in found
    assert f"closed.db.page[{place // 4096 + 1}]" in found
    with closing(store_at(str(path))) as store, pytest.raises(StoreDamaged, match=r"journal\[17\]"):
        list(store.read())
    with closing(store_at(str(path))) as store:
        assert [x.sequence for x in store.read(18)] == list(range(18, RECORDS + 1))


def test_a_changed_snapshot_is_named_and_the_one_before_is_whole(tmp_path):
    path = closed_journal(tmp_path)
    content = path.read_bytes()
    place = content.index(b"state after 50 ")
    path.write_bytes(content[:place] + b"S" + content[place + 1 :])
    assert "snapshot[50]" in places(verified(path))
    with closing(store_at(str(path))) as store:
        with pytest.raises(StoreDamaged, match=r"snapshot\[50\]"):
            store.snapshot_newest()
        assert store.snapshot_newest(before_sequence=50).sequence == 20


def test_unused_bytes_are_held_too(tmp_path):
    path = closed_journal(tmp_path)
    content = path.read_bytes()
    place = content.rindex(bytes(40)) + 20
    path.write_bytes(content[:place] + b"\x01" + content[place + 1 :])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert places(verified(path)) == [f"closed.db.page[{place // 4096 + 1}]"]


@pytest.mark.parametrize("suffix", ["", "-wal", "-seal", "-head"])
def test_a_file_cut_off_anywhere_is_found(tmp_path, suffix):
    path = crashed_journal(tmp_path) if suffix == "-wal" else closed_journal(tmp_path)
    file = path.with_name(path.name + suffix)
    whole = file.read_bytes()
    for length in sorted({0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 1}):
        file.write_bytes(whole[:length])
        assert verified(path) != [], length
    file.unlink()
    assert verified(path) != []


@pytest.mark.parametrize("suffix", ["-seal", "-head"])
def test_a_journal_without_a_file_that_belongs_to_it_is_not_opened(tmp_path, suffix):
    path = closed_journal(tmp_path)
    path.with_name(path.name + suffix).unlink()
    with closing(store_at(str(path))) as store, pytest.raises(StoreDamaged, match="gone"):
        store.open("engine")


def test_records_lost_with_the_log_are_named_and_the_journal_is_not_opened(tmp_path):
    path = crashed_journal(tmp_path)
    log = path.with_name("crashed.db-wal")
    whole = log.read_bytes()
    frame = 32 + 40 * (4096 + 24)
    log.write_bytes(whole[: frame + 2000] + b"\xff\xfe" + whole[frame + 2002 :])
    found = places(verified(path))
    assert "crashed.db-wal.frame[41]" in found
    lost = [x for x in found if x.startswith("journal[")]
    assert len(lost) == 1
    with (
        closing(store_at(str(path))) as store,
        pytest.raises(StoreDamaged, match=re.escape(lost[0])),
    ):
        store.open("engine")


def test_a_write_that_a_crash_cut_off_is_no_damage(tmp_path):
    path = crashed_journal(tmp_path)
    log = path.with_name("crashed.db-wal")
    whole = log.read_bytes()
    last_frame = whole[-(4096 + 24) :]
    for torn in (last_frame, last_frame[:3000], last_frame[:16] + b"\x00" * 4000):
        log.write_bytes(whole + torn)
        assert verified(path) == []
    with closing(store_at(str(path))) as store:
        fence = store.open("next")
        assert store.append(fence, [b"goes on"]) == RECORDS + 1
    assert verified(path) == []


def test_a_checkpoint_that_a_crash_cut_off_is_no_damage(tmp_path):
    moved, whole = tmp_path / "moved", tmp_path / "whole"
    for folder in (moved, whole):
        folder.mkdir()
    path = crashed_journal(tmp_path)
    for suffix in ("", "-wal", "-seal", "-head"):
        for folder in (moved, whole):
            shutil.copy(path.with_name(path.name + suffix), folder / f"j.db{suffix}")
    with closing(store_at(str(moved / "j.db"))) as store:
        store.open("mover")
    # The seal is written before the pages: it lies there whole, and only some pages are moved.
    log_of_mover = (whole / "j.db-wal").read_bytes()
    file_after = (moved / "j.db").read_bytes()
    (whole / "j.db-wal").write_bytes(log_of_mover)
    with (whole / "j.db").open("r+b") as file:
        for number in range(0, len(file_after) // 4096, 2):
            file.seek(number * 4096)
            file.write(file_after[number * 4096 : number * 4096 + 4096])
    assert verified(whole / "j.db") == []


def test_a_file_changed_by_another_program_is_found(tmp_path):
    path = closed_journal(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
        connection.commit()
    assert places(verified(path)) == ["closed.db.page[1]"]


def test_a_file_of_another_program_is_refused_and_left_alone(tmp_path):
    database, text = tmp_path / "other.db", tmp_path / "notes.txt"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE notes (text)")
        connection.commit()
    text.write_text("no database at all, but long enough to be taken for the header of one " * 2)
    for path in (database, text):
        before = path.read_bytes()
        assert verified(path) != []
        with closing(store_at(str(path))) as store, pytest.raises(StoreDamaged, match="no journal"):
            store.open("engine")
        assert path.read_bytes() == before


@pytest.mark.parametrize("table", ["journal", "snapshot"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET body = hash",
        "DELETE FROM {}",
        "INSERT OR REPLACE INTO {} SELECT sequence, hash, hash FROM {}",
    ],
)
def test_a_sqlite_journal_has_no_path_that_changes_a_row(tmp_path, table, statement):
    path = closed_journal(tmp_path)
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement.format(table, table))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET body = hash", "DELETE FROM {}", "TRUNCATE {}"],
)
def test_a_postgres_journal_has_no_path_that_changes_a_row(postgres_address, statement):
    with closing(store_at(postgres_address)) as store:
        write_journal(store)
    url = sa.make_url(postgres_address).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url)
    for table in ("journal", "snapshot"):
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="append-only"):
            connection.exec_driver_sql(statement.format(table))
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("DELETE FROM journal WHERE sequence = 60", "journal[60]"),
        ("DELETE FROM journal WHERE sequence = 31", "journal[31]"),
        ("DELETE FROM journal WHERE sequence = 20", "snapshot[20]"),
        ("DELETE FROM snapshot WHERE sequence = 50", "snapshot[50]"),
        ("UPDATE journal SET sequence = 61 WHERE sequence = 60", "journal[60]"),
        ("UPDATE writer SET sequence = 59", "journal[59]"),
    ],
)
def test_rows_taken_away_past_the_triggers_are_named(postgres_address, statement, where):
    with closing(store_at(postgres_address)) as store:
        write_journal(store)
    url = sa.make_url(postgres_address).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("SET session_replication_role TO replica")
        connection.exec_driver_sql(statement)
    engine.dispose()
    assert where in places(verified(postgres_address))


def test_a_database_of_a_newer_schema_is_refused(postgres_address):
    with closing(store_at(postgres_address)) as store:
        write_journal(store)
    url = sa.make_url(postgres_address).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0999'")
    engine.dispose()
    with (
        closing(store_at(postgres_address)) as store,
        pytest.raises(StoreDamaged, match="schema 0999"),
    ):
        store.open("engine")
    assert places(verified(postgres_address)) == ["alembic_version"]
