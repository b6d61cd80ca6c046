"""The bundled chain of 2026-08-08 as a universe with its open interest in lots."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure
from crossmargin.domain.instrument import Listing
from crossmargin.domain.symbol import parse_symbol
from crossmargin.domain.universe import Universe, build_universe
from crossmargin.wire.native import unified_of_native

STEPS = {"BTC": Decimal("0.1"), "ETH": Decimal(1)}


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChainInterest:
    """(listings,) open interest of one side in contracts, and how many lots a contract has."""

    universe: Universe
    open_interest_contracts: NDArray[np.float64]
    lots_per_contract: NDArray[np.int64]


def chain_interest() -> ChainInterest:
    """All 1,540 listings; a lot is the venue's contract step."""
    name = "deribit_option_chain_oi_iv_2026-08-08.csv"
    text = files("crossmargin.data").joinpath(name).read_text("utf-8")
    rows = {_listing(row): row for row in csv.DictReader(text.splitlines())}
    universe = build_universe(rows, ["USDC"])
    by_id = {listing.listing_id: listing for listing in rows}
    ordered = [by_id[name] for name in universe.listing_ids]
    return ChainInterest(
        universe=universe,
        open_interest_contracts=np.array([float(rows[x]["open_interest"]) for x in ordered]),
        lots_per_contract=np.array([int(1 / x.contract_step) for x in ordered]),
    )


def _listing(row: dict[str, str]) -> Listing:
    symbol = unified_of_native("deribit", row["instrument"], None, "instrument")
    assert not isinstance(symbol, Failure)
    instrument = parse_symbol(symbol)
    assert not isinstance(instrument, Failure)
    return Listing(
        venue="deribit",
        native_symbol=row["instrument"],
        economic_id=symbol,
        instrument=instrument,
        contract_size=Decimal(1),
        contract_step=STEPS[row["currency"]],
    )
