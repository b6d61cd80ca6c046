"""The book: everything that is held, by whom, where. Frozen data; `wire` parses and checks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from crossmargin.domain.account import Account, Entity, NettingSet
from crossmargin.domain.asset import Asset
from crossmargin.domain.holding import Balance, Loan, Order, Position, VenueReport
from crossmargin.domain.instrument import Listing


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """Holdings of many accounts. All ids resolve; each position's account and listing exist exactly
    once.
    """

    entities: Mapping[str, Entity]
    accounts: Mapping[str, Account]
    netting_sets: Mapping[str, NettingSet]
    assets: Mapping[str, Asset]
    listings: Mapping[str, Listing]
    positions: tuple[Position, ...]
    balances: tuple[Balance, ...]
    loans: tuple[Loan, ...]
    orders: tuple[Order, ...]
    reports: Mapping[str, VenueReport]
