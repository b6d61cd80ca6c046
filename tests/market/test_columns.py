"""Columns repeat the snapshot in the order of the universe, with NaN where it is silent."""

import numpy as np
import pytest

from crossmargin.domain.instrument import Right
from crossmargin.domain.universe import build_universe
from crossmargin.market.columns import market_columns
from tests.market import markets

LISTINGS = [
    markets.listing("deribit", "call", markets.option("70000", Right.CALL)),
    markets.listing("okx", "perpetual", markets.PERPETUAL),
    markets.listing("okx", "spot", markets.SPOT),
    markets.listing("okx", "future", markets.future()),
]


def test_a_market_without_figures_gives_nan_and_never_zero() -> None:
    universe = build_universe(LISTINGS, ["stETH"])
    columns = market_columns(markets.snapshot([], assets=[]), universe)
    listings = universe.listings_count
    for name in ("mark", "last", "vol", "rate", "funding_rate", "open_interest"):
        assert np.isnan(getattr(columns, name)[:listings]).all(), name
    dollars = np.array([code == "USD" for code in universe.assets])
    assert np.isnan(columns.index[~dollars]).all()
    assert (columns.index[dollars] == 1.0).all()


def test_forwards_stand_in_quote_currency() -> None:
    universe = build_universe(LISTINGS, [])
    market = markets.snapshot(
        [
            markets.quote("deribit:call", LISTINGS[0].instrument, vol=0.5),
            markets.quote("okx:future", LISTINGS[3].instrument, mark=66000.0),
        ],
        [markets.expiry(forward=65500.0, rate=0.01)],
    )
    columns = market_columns(market, universe)
    row = {name: i for i, name in enumerate(universe.listing_ids)}
    assert columns.forward[row["deribit:call"]] == 65500.0
    assert columns.forward[row["okx:future"]] == 66000.0
    assert columns.forward[row["okx:spot"]] == pytest.approx(65000.0 / 0.998, rel=1e-15)
    assert np.isnan(columns.forward[row["okx:perpetual"]])
    assert columns.vol[row["deribit:call"]] == 0.5
    assert columns.rate[row["deribit:call"]] == 0.01
    assert columns.years[row["deribit:call"]] == pytest.approx(30 / 365, rel=1e-15)
    assert np.isnan(columns.years[row["okx:perpetual"]])


def test_a_balance_is_worth_one_of_itself() -> None:
    universe = build_universe([], ["BTC", "stETH"])
    columns = market_columns(markets.snapshot([]), universe)
    assert columns.mark.tolist() == [1.0, 1.0]
    assert columns.forward.tolist() == [1.0, 1.0]


def test_columns_are_read_only() -> None:
    columns = market_columns(markets.snapshot([]), build_universe(LISTINGS, []))
    for name in ("index", "mark", "forward", "vol", "years", "rate", "low", "confidence"):
        assert not getattr(columns, name).flags.writeable, name
