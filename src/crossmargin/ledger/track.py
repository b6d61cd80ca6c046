"""How the balance of one ledger account went: a point per entry that touched it."""

from bisect import bisect_right
from typing import Final, NamedTuple, final


class Held(NamedTuple):
    """What a ledger account holds: posted units, and the units that pending entries reserve."""

    posted_units: int = 0
    pending_debit_units: int = 0
    pending_credit_units: int = 0


NOTHING: Final = Held()


@final
class Track:
    """Balances of one ledger account after each entry that touched it. It only grows."""

    __slots__ = ("_held", "_sequences")

    def __init__(self) -> None:
        self._sequences: list[int] = []
        self._held: list[Held] = []

    @property
    def first(self) -> int:
        """The sequence of the first entry that touched it."""
        return self._sequences[0]

    def at(self, sequence: int) -> Held:
        """What the account held after the entry `sequence`."""
        if not self._sequences or self._sequences[-1] <= sequence:
            return self._held[-1] if self._held else NOTHING
        place = bisect_right(self._sequences, sequence)
        return self._held[place - 1] if place else NOTHING

    def add(self, sequence: int, held: Held) -> None:
        """The balance after one more entry."""
        self._sequences.append(sequence)
        self._held.append(held)

    def until(self, sequence: int) -> "Track":
        """A track of its own that ends with the entry `sequence`."""
        own = Track()
        count = bisect_right(self._sequences, sequence)
        own._sequences = self._sequences[:count]
        own._held = self._held[:count]
        return own
