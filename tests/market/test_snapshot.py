"""Every figure of a snapshot says where it is from, and three prices stay three prices."""

import math

import pytest

from crossmargin.domain.universe import build_universe
from crossmargin.market.columns import market_columns
from crossmargin.market.quoted import SourceKind, assumed, derived, derived_from, given
from crossmargin.market.snapshot import AssetQuote, assumed_fields, index_quote, quoted_fields
from tests.market import markets


def test_index_mark_and_last_are_kept_apart() -> None:
    quotes = [markets.quote("okx:BTC/USDT:USDT", markets.PERPETUAL, mark=65010.0, last=64990.0)]
    columns = market_columns(
        markets.snapshot(quotes),
        build_universe([markets.listing("okx", "BTC/USDT:USDT", markets.PERPETUAL)], []),
    )
    assert columns.mark[0] == 65010.0
    assert columns.last[0] == 64990.0
    assert columns.index[0] == 65000.0
    assert columns.forward[0] == 65010.0


def test_a_figure_that_is_not_finite_is_a_bug() -> None:
    with pytest.raises(ValueError, match="finite"):
        given(math.nan, "test")


def test_what_is_computed_from_an_assumption_is_assumed() -> None:
    known, guess = given(1.0, "venue"), assumed(2.0, "no quote")
    assert derived_from(3.0, "sum", known, guess).source.kind is SourceKind.ASSUMED
    assert "no quote" in derived_from(3.0, "sum", known, guess).source.text
    assert derived_from(3.0, "sum", known) == derived(3.0, "sum")


def test_assumed_fields_are_listed_with_path_and_reason() -> None:
    guess = AssetQuote(
        asset="stETH", index=assumed(1900.0, "no feed"), confidence={"a": assumed(1.0, "no feed")}
    )
    market = markets.snapshot(
        [markets.quote("okx:BTC/USDT:USDT", markets.PERPETUAL, mark=65010.0)],
        assets=[guess, markets.asset("BTC", index=65000.0)],
    )
    assert assumed_fields(market) == (
        ("assets.stETH.index", "no feed"),
        ("assets.stETH.confidence.a", "no feed"),
    )
    assert [path for path, _ in quoted_fields(market)] == [
        "assets.BTC.index",
        "assets.stETH.index",
        "assets.stETH.confidence.a",
        "listings.okx:BTC/USDT:USDT.mark",
    ]


def test_a_dollar_is_one_dollar_and_an_unknown_asset_has_no_index() -> None:
    market = markets.snapshot([])
    dollar = index_quote(market, "USD")
    assert dollar is not None
    assert dollar.value == 1.0
    assert index_quote(market, "stETH") is None
