"""A depeg family at work: by the size of what is held, from where the coin stands."""

from dataclasses import replace

import numpy as np
import pytest

from crossmargin.conformance.scene import Scene
from crossmargin.domain.asset import AssetClass
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.run import PricedMarket, Run, reporting_rows
from crossmargin.scenario.assemble import assemble
from crossmargin.valuation.moved_market import moved_markets
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.tiny import tiny

FAMILY = """
[scenarios.pegs]
kind = "depeg"
fall = { stablecoin = 0.03 }
multiple = 2.0
"""
RECIPE = read_recipe(
    tiny(
        '{ charge = "scan_loss", scenarios = "pegs", '
        'groups = [{}, { select = { kind = "balance" } }] }',
        FAMILY,
        'conversion = "shocked"',
    ).encode()
)


def scene(usdt: float, held: dict[str, float]) -> tuple[BookColumns, PricedMarket]:
    """Accounts with so many tether each."""
    made = Scene()
    made.asset("USDT", asset_class=AssetClass.STABLECOIN, index=usdt)
    made.assets["USDT"] = replace(made.assets["USDT"], peg="USD")
    for account, coins in held.items():
        made.account(account)
        made.balance("USDT", coins, account=account)
    return made.built()


def required(usdt: float, **held: float) -> list[float]:
    found = assess(RECIPE, *scene(usdt, held))
    ticks = found.levels["maintenance"].requirement
    return (ticks * 2.0**found.tick_exponent).tolist()


def test_holders_pay_for_a_fall_and_debtors_for_the_way_back() -> None:
    assert required(1.0, long=1000, twice=2000, short=-1000) == pytest.approx([30, 60, 0], abs=1e-3)
    # At 0.95 it may fall by twice the 5 %; who owes it pays up to a dollar for each.
    found = required(0.95, long=1000, twice=2000, short=-1000)
    assert found == pytest.approx([95, 190, 50], abs=1e-3)


def test_every_copy_of_a_market_starts_from_its_own_prices() -> None:
    book, priced = scene(1.0, {"a": 1000.0})
    universe = book.universe
    moves = np.array([[0.0, -0.2] if code == "USDT" else [0.0, 0.0] for code in universe.assets])
    moved = assemble("m", universe.assets, universe.venues, ["a", "b"], ["m"] * 2, spot_move=moves)
    copies, market = moved_markets(universe, priced.market, moved)
    there = replace(priced, universe=copies, market=market, priced={}, sensitivities={})
    run = Run(
        terms=RECIPE.terms,
        priced=there,
        reporting="USD",
        reporting_row=reporting_rows(copies, "USD"),
        tick_exponent=-14,
    )
    of_copies = run.scan("pegs").scenarios.spot_move.reshape(2, len(universe.assets), 2)
    usdt = universe.assets.index("USDT")
    assert of_copies[0, usdt] == pytest.approx([-0.03, 0.0])
    assert of_copies[1, usdt] == pytest.approx([-0.40, 0.25])
