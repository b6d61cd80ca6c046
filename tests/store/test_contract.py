"""What every store promises, held by each of them."""

from contextlib import closing

import pytest

from crossmargin.store.address import store_at
from crossmargin.store.chain import GENESIS, record_hash
from crossmargin.store.port import Head, StoreStopped, WriterFenced

BODIES = [b"first", b"", bytes(range(256)), "ünïcode".encode(), b"x" * 20_000]


@pytest.fixture
def store(address):
    with closing(store_at(address)) as opened:
        yield opened


def test_records_come_back_in_order_byte_for_byte(store, address):
    fence = store.open("engine")
    assert store.append(fence, BODIES[:2]) == 2
    assert store.append(fence, BODIES[2:]) == 5
    for reader in (store, store_at(address)):
        with closing(reader):
            records = list(reader.read())
            assert [x.sequence for x in records] == [1, 2, 3, 4, 5]
            assert [x.body for x in records] == BODIES
            assert [x.sequence for x in reader.read(4)] == [4, 5]
            assert list(reader.read(6)) == list(reader.read(99)) == []
            assert reader.head() == Head(sequence=5, hash=records[-1].hash)


def test_each_record_is_chained_to_the_one_before(store):
    store.append(store.open("engine"), BODIES)
    previous = GENESIS.hash
    for record in store.read():
        assert record.previous_hash == previous
        assert record.hash == record_hash(previous, record.sequence, record.body)
        previous = record.hash
    assert store.verify() == []


def test_the_chain_is_the_same_in_every_store(store):
    store.append(store.open("engine"), [b"one", b"two"])
    assert store.head().hash.hex() == (
        "aeb58687e90d96471d2eea4ce2f5e9e1e458b3fa522e133986e4381b61270912"
    )


def test_a_store_opened_again_goes_on_where_it_ended(store, address):
    store.append(store.open("first"), [b"one"])
    store.close()
    with closing(store_at(address)) as again:
        fence = again.open("second")
        assert again.head().sequence == 1
        assert again.append(fence, [b"two"]) == 2
        assert [x.body for x in again.read()] == [b"one", b"two"]
        assert again.verify() == []


def test_an_older_writer_is_refused_and_adds_nothing(store, address):
    old = store.open("old")
    store.append(old, [b"one"])
    with closing(store_at(address)) as newer:
        new = newer.open("new")
        assert new.token > old.token
        for attempt in (
            lambda: store.append(old, [b"late"]),
            lambda: store.append(old, []),
            lambda: store.snapshot_write(old, 1, b"late"),
            lambda: newer.append(old, [b"late"]),
        ):
            with pytest.raises(WriterFenced, match="'new'"):
                attempt()
        newer.append(new, [b"two"])
        with pytest.raises(WriterFenced, match="'old'"):
            store.append(old, [b"later"])
        assert [x.body for x in newer.read()] == [b"one", b"two"]
        assert newer.verify() == []
    store.close()
    assert store.verify() == []


def test_tokens_only_rise(store):
    assert [store.open("again").token for _ in range(3)] == [1, 2, 3]


def test_an_append_of_nothing_says_where_the_journal_ends(store):
    fence = store.open("engine")
    assert store.append(fence, []) == 0
    store.append(fence, [b"one"])
    assert store.append(fence, []) == 1


def test_a_store_that_is_not_open_to_write_refuses(store):
    fence = store.open("engine")
    store.close()
    with pytest.raises(StoreStopped, match="not open to write"):
        store.append(fence, [b"one"])


def test_the_newest_snapshot_comes_back_and_older_ones_stay(store, address):
    fence = store.open("engine")
    assert store.snapshot_newest() is None
    store.append(fence, [b"one", b"two", b"three"])
    store.snapshot_write(fence, 1, b"after one")
    store.append(fence, [b"four"])
    store.snapshot_write(fence, 3, b"after three" * 5_000)
    with closing(store_at(address)) as reader:
        newest = reader.snapshot_newest()
        assert (newest.sequence, newest.body) == (3, b"after three" * 5_000)
        older = reader.snapshot_newest(before_sequence=3)
        assert (older.sequence, older.body) == (1, b"after one")
        assert reader.snapshot_newest(before_sequence=1) is None
        assert reader.verify() == []


def test_a_snapshot_stands_after_a_record_and_is_never_replaced(store):
    fence = store.open("engine")
    store.append(fence, [b"one", b"two"])
    for outside in (0, -1, 3):
        with pytest.raises(ValueError, match="of 2"):
            store.snapshot_write(fence, outside, b"state")
    store.snapshot_write(fence, 2, b"state")
    store.snapshot_write(fence, 2, b"state")
    for sequence, body in ((2, b"other"), (1, b"state")):
        with pytest.raises(ValueError, match="already"):
            store.snapshot_write(fence, sequence, body)
    assert store.snapshot_newest().body == b"state"


def test_a_head_published_elsewhere_must_be_reached_and_held(store):
    fence = store.open("engine")
    store.append(fence, [b"one", b"two"])
    head = store.head()
    assert store.verify(published=head) == []
    store.append(fence, [b"three"])
    assert store.verify(published=head) == []
    longer = Head(sequence=9, hash=head.hash)
    assert [x.where for x in store.verify(published=longer)] == ["journal[4]"]
    other = Head(sequence=2, hash=bytes(32))
    assert [x.where for x in store.verify(published=other)] == ["journal[2]"]


def test_where_nothing_was_written_there_is_nothing_to_read(store):
    assert list(store.read()) == []
    assert store.head() == GENESIS
    assert store.snapshot_newest() is None
    assert len(store.verify()) == 1


def test_many_records_are_read_page_by_page(store):
    fence = store.open("engine")
    bodies = [b"%d" % number for number in range(2_500)]
    store.append(fence, bodies)
    assert [x.body for x in store.read()] == bodies
    assert [x.sequence for x in store.read(1_999)] == list(range(1_999, 2_501))
