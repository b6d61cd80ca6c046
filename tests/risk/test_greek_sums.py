from dataclasses import fields, replace

import numpy as np
import pytest

from crossmargin import api
from crossmargin.risk.greek_sums import GreekSums, greek_sums
from crossmargin.rulebook.pool import pooled
from crossmargin.valuation.greeks import Greeks
from tests.style.sources import ROOT


@pytest.fixture(scope="module")
def fund() -> api.Prepared:
    market = api.load_market(ROOT / "examples" / "market.json")
    return api.prepare(api.load_book(ROOT / "examples" / "fund.json", market), market)


def total(sums: GreekSums, name: str) -> dict[int, float]:
    return {
        int(asset): float(sums.sums[name][sums.underlying == asset].sum())
        for asset in np.unique(sums.underlying)
    }


def test_greeks_of_a_pool_are_the_sums_of_its_members(fund: api.Prepared) -> None:
    greeks = fund.priced.greeks()
    apart = greek_sums(fund.columns, greeks)
    together = greek_sums(
        pooled(fund.columns, np.zeros(fund.columns.accounts_count, dtype=np.int64), ["all"]), greeks
    )
    for field in fields(Greeks):
        assert total(apart, field.name) == pytest.approx(total(together, field.name), rel=1e-9)


def test_coins_that_are_held_have_a_delta_of_one_in_themselves(fund: api.Prepared) -> None:
    positions = fund.columns.positions
    none = replace(positions, contracts=np.zeros(len(positions.contracts)))
    sums = greek_sums(replace(fund.columns, positions=none), fund.priced.greeks())
    coins: dict[tuple[int, int], float] = {}
    balances = fund.columns.balances
    for account, asset, amount in zip(
        balances.account, balances.asset, balances.amount, strict=True
    ):
        coins[account, asset] = coins.get((account, asset), 0.0) + amount
    for account, asset, delta in zip(
        sums.account, sums.underlying, sums.sums["delta_coins"], strict=True
    ):
        assert delta == pytest.approx(coins.get((account, asset), 0.0))


def test_an_unknown_greek_matters_only_where_its_listing_is_held(fund: api.Prepared) -> None:
    greeks = fund.priced.greeks()
    positions = fund.columns.positions
    lost = positions.instrument[0]
    vega = greeks.vega_cash.copy()
    vega[lost] = np.nan
    broken = replace(greeks, vega_cash=vega)
    held = greek_sums(fund.columns, broken)
    assert np.isnan(held.sums["vega_cash"]).sum() >= 1
    contracts = np.where(positions.instrument == lost, 0.0, positions.contracts)
    sold = replace(fund.columns, positions=replace(positions, contracts=contracts))
    assert np.isfinite(greek_sums(sold, broken).sums["vega_cash"]).all()
