"""The ledger: append-only entries and the balances they make, at the end and at any earlier one."""

from collections.abc import Iterator, Sequence
from typing import final

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.ledger.check import draft_failures
from crossmargin.ledger.entry import GENESIS_HASH, Draft, Entry, EntryState, chained
from crossmargin.ledger.path import account_path, path_parts
from crossmargin.ledger.track import NOTHING, Held, Track


@final
class _Trunk:
    """What ledgers of one history share: all its entries, and what they add up to."""

    __slots__ = ("assets", "entries", "settled_by", "tracks")

    def __init__(self) -> None:
        self.assets: set[str] = set()
        self.entries: list[Entry] = []
        self.tracks: dict[str, Track] = {}
        self.settled_by: dict[int, int] = {}

    def until(self, sequence: int) -> "_Trunk":
        own = _Trunk()
        own.assets = set(self.assets)
        own.entries = self.entries[:sequence]
        own.tracks = {
            path: track.until(sequence)
            for path, track in self.tracks.items()
            if track.first <= sequence
        }
        own.settled_by = {x: by for x, by in self.settled_by.items() if by <= sequence}
        return own


@final
class Ledger:
    """The first `count` entries of a history. A ledger never changes: posting gives a longer one.

    Longer ones share its entries, so that posting to the newest costs the same at any length;
    posting to an earlier one begins a history of its own (a copy).
    """

    __slots__ = ("_count", "_trunk")

    def __init__(self) -> None:
        self._trunk = _Trunk()
        self._count = 0

    @property
    def count(self) -> int:
        """How many entries; the sequence of the last one."""
        return self._count

    @property
    def head_hash(self) -> str:
        """The hash of the last entry: it names the whole ledger."""
        return self._trunk.entries[self._count - 1].hash if self._count else GENESIS_HASH

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Entries after the sequence `after`, in order."""
        for place in range(after, self._count):
            yield self._trunk.entries[place]

    def entry(self, sequence: int) -> Entry:
        """The entry of a sequence; IndexError when there is none."""
        if not 1 <= sequence <= self._count:
            raise IndexError(f"the ledger has entries 1 to {self._count}, not {sequence}")
        return self._trunk.entries[sequence - 1]

    def paths(self) -> tuple[str, ...]:
        """Every ledger account that an entry names, sorted."""
        known = self._trunk.tracks.items()
        return tuple(sorted(path for path, track in known if track.first <= self._count))

    def account_assets(self, account_id: str) -> tuple[str, ...]:
        """Assets that an account has or had, sorted."""
        named = ((asset, account_path(account_id, asset)) for asset in self._trunk.assets)
        return tuple(sorted(asset for asset, path in named if self._names(path)))

    def _names(self, path: str) -> bool:
        track = self._trunk.tracks.get(path)
        return track is not None and track.first <= self._count

    def held(self, path: str) -> Held:
        """Units that a ledger account holds; nothing for one that no entry names."""
        track = self._trunk.tracks.get(path)
        return NOTHING if track is None else track.at(self._count)

    def settled_by(self, sequence: int) -> int | None:
        """The entry that settled a pending one, or None while it is open."""
        by = self._trunk.settled_by.get(sequence)
        return by if by is not None and by <= self._count else None


def posted(ledger: Ledger, drafts: Sequence[Draft], *, event_id: str, event_time_ns: int) -> Ledger:
    """The ledger with all drafts of one event posted; `InputRefused`, and nothing, if one is wrong.

    A draft may name an entry of the same event by the sequence that it is about to get.
    """
    longer = _extension_of(ledger)
    failures: list[Failure] = []
    if not event_id:
        failures.append(Failure(Reason.MISSING_FIELD, "event_id", "an entry names its event"))
    appended: list[Entry] = []
    for place, draft in enumerate(drafts):
        found = draft_failures(draft, f"drafts[{place}]", lambda x: _found(ledger, appended, x))
        failures += found
        if not found:
            last = appended[-1].hash if appended else ledger.head_hash
            sequence = ledger.count + len(appended) + 1
            appended.append(
                chained(
                    draft,
                    sequence=sequence,
                    event_id=event_id,
                    event_time_ns=event_time_ns,
                    previous_hash=last,
                )
            )
    refuse_if_any(failures)
    for entry in appended:
        _append(longer._trunk, entry)
    longer._count += len(appended)
    return longer


def restored(entries: Sequence[Entry]) -> Ledger:
    """The ledger of stored entries, whose chain the caller has verified (`verify_chain`)."""
    ledger = Ledger()
    for entry in entries:
        _append(ledger._trunk, entry)
    ledger._count = len(entries)
    return ledger


def as_of(ledger: Ledger, sequence: int) -> Ledger:
    """The ledger as it was after the entry `sequence`; IndexError beyond its end. No copy."""
    if not 0 <= sequence <= ledger.count:
        raise IndexError(f"the ledger has entries up to {ledger.count}, not {sequence}")
    earlier = Ledger()
    earlier._trunk = ledger._trunk
    earlier._count = sequence
    return earlier


def balance(ledger: Ledger, account_id: str, asset: str) -> int:
    """Units of an asset that an account owns, posted entries only; negative = debt."""
    return ledger.held(account_path(account_id, asset)).posted_units


def available(ledger: Ledger, account_id: str, asset: str) -> int:
    """Units of an asset that an account owns and that no pending entry has reserved."""
    held = ledger.held(account_path(account_id, asset))
    return held.posted_units - held.pending_debit_units


def trial_balance(ledger: Ledger) -> dict[str, int]:
    """Asset -> the sum of all its ledger accounts, the world included: 0 or the books are wrong.

    Added up from the balances, not from the entries, which are zero-sum one by one.
    """
    totals: dict[str, int] = {}
    for path in ledger.paths():
        parts = path_parts(path)
        asset = path if parts is None else parts.asset
        totals[asset] = totals.get(asset, 0) + ledger.held(path).posted_units
    return totals


def _extension_of(ledger: Ledger) -> Ledger:
    longer = as_of(ledger, ledger.count)
    if ledger.count != len(ledger._trunk.entries):
        longer._trunk = ledger._trunk.until(ledger.count)
    return longer


def _found(ledger: Ledger, appended: Sequence[Entry], sequence: int) -> tuple[Entry, bool] | None:
    """An entry by its sequence, and whether something settles it already."""
    settled = any(x.names == sequence for x in appended)
    if 1 <= sequence <= ledger.count:
        return ledger.entry(sequence), settled or ledger.settled_by(sequence) is not None
    place = sequence - ledger.count - 1
    return (appended[place], settled) if 0 <= place < len(appended) else None


def _append(trunk: _Trunk, entry: Entry) -> None:
    trunk.entries.append(entry)
    trunk.assets.add(entry.asset)
    settles = _settled_pending(trunk, entry)
    reserved = 0
    if entry.state is EntryState.PENDING:
        reserved = entry.amount_units
    elif settles is not None:
        reserved = -settles.amount_units
        trunk.settled_by[settles.sequence] = entry.sequence
    moved = entry.amount_units if entry.state is EntryState.POSTED else 0
    debit, credit = _track(trunk, entry.debit), _track(trunk, entry.credit)
    before = debit.at(entry.sequence)
    after = Held(
        before.posted_units - moved,
        before.pending_debit_units + reserved,
        before.pending_credit_units,
    )
    debit.add(entry.sequence, after)
    before = credit.at(entry.sequence)
    after = Held(
        before.posted_units + moved,
        before.pending_debit_units,
        before.pending_credit_units + reserved,
    )
    credit.add(entry.sequence, after)


def _track(trunk: _Trunk, path: str) -> Track:
    found = trunk.tracks.get(path)
    if found is None:
        found = trunk.tracks[path] = Track()
    return found


def _settled_pending(trunk: _Trunk, entry: Entry) -> Entry | None:
    if entry.names is None:
        return None
    named = trunk.entries[entry.names - 1]
    return named if named.state is EntryState.PENDING else None
