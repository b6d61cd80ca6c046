"""A live state of many accounts on the bundled market, for the engine's benchmarks."""

import tomllib
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from crossmargin.action.ladder import held_at
from crossmargin.api import load_market
from crossmargin.domain.account import Account, Authority
from crossmargin.domain.holding import Position
from crossmargin.domain.instrument import Option
from crossmargin.engine.event import Body, Event
from crossmargin.engine.holders import Holders
from crossmargin.engine.overlaid import Overlaid
from crossmargin.engine.price_rules import PriceRules
from crossmargin.engine.setup import Settings, Setup
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import AccountState, EngineState
from crossmargin.engine.table import Table
from crossmargin.engine.valued import valued_market
from crossmargin.ledger.entry import Code, Draft
from crossmargin.ledger.ledger import Ledger, posted
from crossmargin.ledger.path import account_path, world_path
from crossmargin.rulebook.standing import Standing
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.recipes import recipe_text

MARKET = Path(__file__).parent.parent / "examples" / "market.json"
CASH = "USDC"
FEED = "feed"
CASH_UNITS = 10**6


def bundled_case_setup(tables: dict[str, Any] | None = None, sample_every: int = 0) -> Setup:
    """The house rulebook, or another, on the bundled histories."""
    read = load_market(MARKET)
    registry = bundled_registry()
    own = tomllib.loads(recipe_text("house").decode()) if tables is None else tables
    return Setup(
        assets={code: registry.asset(code) for code in registry.codes()},
        recipes={own["name"]: own},
        default_recipe=own["name"],
        history=read.prices,
        vol_history=read.vol_index,
        settings=Settings(sample_every=sample_every),
        prices=PriceRules(trusted=(FEED,)),
    )


def event_of(state: EngineState, body: Body, number: int = 0, source: str = FEED) -> Event:
    """An event at the present moment."""
    return Event(
        event_id=f"{source}-{state.sequence}-{number}",
        source=source,
        source_sequence=number,
        event_time_ns=state.clock_ns,
        body=body,
    )


def listings_of(state: EngineState, underlying: str = "BTC", *, options: bool = True) -> list[str]:
    """Ids of the options, or of all else, of one underlying, sorted."""
    return sorted(
        name
        for name, listing in state.listings.items()
        if listing.instrument.underlying == underlying
        and isinstance(listing.instrument, Option) is options
    )


def market_state(setup: Setup) -> EngineState:
    """The bundled market and nobody in it."""
    read = load_market(MARKET)
    state = initial_state(setup)
    snapshot = read.snapshot
    listings = {listing.listing_id: listing for listing in read.listings.values()}
    return replace(
        state,
        clock_ns=snapshot.as_of_ns,
        closed_ns=snapshot.as_of_ns,
        snapshot=snapshot,
        listings=listings,
        price_time_ns=dict.fromkeys(snapshot.assets, snapshot.as_of_ns),
        valued=valued_market(setup, snapshot, listings, [CASH]),
    )


def with_accounts(
    setup: Setup,
    state: EngineState,
    listing_ids: list[str],
    accounts_count: int,
    positions_count: int,
    cash: int,
) -> EngineState:
    """The state with accounts of `positions_count` of the listings each, drawn, and cash.

    They stand as healthy and have no figures yet: the first event that touches them gives them.
    """
    draw = np.random.default_rng(1)
    healthy = held_at(Standing.HEALTHY, state.clock_ns)
    held: dict[str, list[str]] = defaultdict(list)
    rows: list[tuple[str, AccountState]] = []
    drafts: list[Draft] = []
    for number in range(accounts_count):
        name = f"account-{number:07d}"
        chosen = draw.choice(len(listing_ids), positions_count, replace=False)
        sizes = draw.integers(1, 30, positions_count)
        positions = {}
        for place, size in zip(chosen.tolist(), sizes.tolist(), strict=True):
            listing_id = listing_ids[place]
            held[listing_id].append(name)
            signed = Decimal(size if place % 2 else -size) / 100
            positions[listing_id] = Position(
                account_id=name, listing_id=listing_id, contracts=signed, cost_settle=Decimal(0)
            )
        account = Account(
            account_id=name, entity_id=name, venue="deribit", authority=Authority.ENFORCE
        )
        rows.append((name, AccountState(account=account, positions=positions, held=healthy)))
        held[CASH].append(name)
        drafts.append(
            Draft(
                debit=world_path(CASH),
                credit=account_path(name, CASH),
                asset=CASH,
                amount_units=cash * CASH_UNITS,
                code=Code.DEPOSIT,
            )
        )
    ledger = posted(Ledger(), drafts, event_id="deposits", event_time_ns=state.clock_ns)
    holders = Holders(
        {name: Table.of((x, True) for x in accounts) for name, accounts in held.items()}
    )
    return replace(state, accounts=Overlaid.of(rows), ledger=ledger, holders=holders)
