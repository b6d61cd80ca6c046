"""Our market file: read whole, or refused with everything that is wrong with it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.base.instant import instant_text
from crossmargin.market.complete import completed_market
from crossmargin.market.quoted import SourceKind
from crossmargin.market.snapshot import assumed_fields, quoted_fields
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.market import MarketInput, read_market

CYRILLIC_BTC = "\u0412\u0422\u0421"
EXAMPLE = Path(__file__).parents[2] / "examples" / "market.json"
SMALL = {
    "schema": "crossmargin/market/1",
    "as_of": "2026-08-08T08:00:00Z",
    "sequence": 7,
    "source": "desk",
    "assets": [
        {"asset": "BTC", "index": "65000.5", "low": 64900, "high": 65100},
        {"asset": "stETH", "index": {"value": 1900, "assumed": "no feed"}},
    ],
    "expiries": [{"underlying": "BTC", "expiry": "2026-12-25T08:00:00Z", "forward": 66000}],
    "listings": [
        {"listing": "okx:BTC/USDT:USDT", "mark": 65010, "last": "64990", "bid": 65000, "ask": 65020}
    ],
}


def _read(market: Any) -> MarketInput:
    data = market if isinstance(market, bytes) else json.dumps(market).encode()
    return read_market(data, read_bundled, bundled_registry(), bundled_terms())


def _refused(market: Any) -> list[tuple[str, Reason]]:
    with pytest.raises(InputRefused) as caught:
        _read(market)
    return [(failure.where, failure.reason) for failure in caught.value.failures]


def _with(**changes: Any) -> dict[str, Any]:
    return {**SMALL, **changes}


@cache
def _example() -> MarketInput:
    return _read(EXAMPLE.read_bytes())


def test_a_small_market_is_read_with_the_source_of_every_figure() -> None:
    snapshot = _read(SMALL).snapshot
    assert (instant_text(snapshot.as_of_ns), snapshot.sequence) == ("2026-08-08T08:00:00Z", 7)
    figures = {path: (x.value, x.source.kind, x.source.text) for path, x in quoted_fields(snapshot)}
    assert figures["assets.BTC.index"] == (65000.5, SourceKind.GIVEN, "desk")
    assert figures["assets.stETH.index"] == (1900.0, SourceKind.ASSUMED, "no feed")
    assert figures["listings.okx:BTC/USDT:USDT.mark"][0] == 65010.0
    assert figures["listings.okx:BTC/USDT:USDT.last"][0] == 64990.0
    assert assumed_fields(snapshot) == (("assets.stETH.index", "no feed"),)


def test_an_alias_is_read_as_its_asset() -> None:
    market = _with(listings=[{"listing": "bitmex:XBT/USD:XBT", "mark": 65000}])
    assert list(_read(market).snapshot.listings) == ["bitmex:BTC/USD:BTC"]


def test_a_thousand_of_a_coin_keeps_its_multiplier() -> None:
    market = _with(listings=[{"listing": "binance:1000PEPE/USDT:USDT", "mark": "0.01"}])
    (quote,) = _read(market).snapshot.listings.values()
    assert quote.multiplier == 1000.0
    assert quote.instrument.underlying == "PEPE"


def test_the_nearest_source_counts() -> None:
    row = {"asset": "BTC", "derived": "median", "index": 1, "twap": {"value": 1, "source": "feed"}}
    asset = _read(_with(assets=[row])).snapshot.assets["BTC"]
    assert asset.index is not None
    assert asset.twap is not None
    assert (asset.index.source.kind, asset.index.source.text) == (SourceKind.DERIVED, "median")
    assert (asset.twap.source.kind, asset.twap.source.text) == (SourceKind.GIVEN, "feed")


def test_all_failures_are_shown_at_once_with_their_paths() -> None:
    market = {
        "schema": "crossmargin/market/1",
        "as_of": 1786176000,
        "sequence": "one",
        "colour": "blue",
        "assets": [
            {"asset": "NOPE", "index": "ten", "lwo": 3, "source": "a", "assumed": "b"},
            {"asset": "BTC", "index": 0, "confidence": {"a": 1.5}, "source": "a"},
            {"asset": "BTC", "index": 1},
        ],
        "listings": [
            {"listing": "okx:BTC/USDT:ETH", "mark": "9" * 5000, "source": "a"},
            {"listing": "BTC/USDT", "funding_rate_per_hour": 2, "source": "a"},
            {"listing": "okx:BTC/USDT", "bid": 3, "ask": 2, "source": "a"},
        ],
        "totals": {"as_of": "2026-08-08", "venue_collateral": {"deribit": 1}, "source": "a"},
    }
    assert sorted(_refused(market)) == sorted(
        [
            ("market.as_of", Reason.WRONG_TYPE),
            ("market.sequence", Reason.NOT_A_NUMBER),
            ("market.colour", Reason.UNKNOWN_FIELD),
            ("market.assets[0].asset", Reason.UNKNOWN_ASSET),
            ("market.assets[0].index", Reason.NOT_A_NUMBER),
            ("market.assets[0].lwo", Reason.UNKNOWN_FIELD),
            ("market.assets[0]", Reason.CONTRADICTION),
            ("market.assets[1].index", Reason.OUT_OF_BOUNDS),
            ("market.assets[1].confidence.a", Reason.OUT_OF_BOUNDS),
            ("market.assets[2].index", Reason.MISSING_FIELD),
            ("market.assets[2]", Reason.DUPLICATE),
            ("market.listings[0].listing", Reason.UNSUPPORTED),
            ("market.listings[0].mark", Reason.OUT_OF_BOUNDS),
            ("market.listings[1].listing", Reason.UNKNOWN_SYMBOL),
            ("market.listings[1].funding_rate_per_hour", Reason.OUT_OF_BOUNDS),
            ("market.listings[2].bid", Reason.CONTRADICTION),
            ("market.totals.venue_collateral.deribit", Reason.WRONG_TYPE),
        ]
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", Reason.NOT_A_NUMBER),
        ("Infinity", Reason.NOT_A_NUMBER),
        ("1e999", Reason.OUT_OF_BOUNDS),
        ("9" * 5000, Reason.OUT_OF_BOUNDS),
        ('"ten"', Reason.NOT_A_NUMBER),
        ('"1,000"', Reason.NOT_A_NUMBER),
        ('"\u0661"', Reason.LOOK_ALIKE),
        ("true", Reason.WRONG_TYPE),
        ("null", Reason.WRONG_TYPE),
        ("[1]", Reason.WRONG_TYPE),
        ('{"value": NaN}', Reason.NOT_A_NUMBER),
        ("-1", Reason.OUT_OF_BOUNDS),
        ("0", Reason.OUT_OF_BOUNDS),
        ("1e-20", Reason.OUT_OF_BOUNDS),
    ],
)
def test_what_is_no_price_is_refused_in_every_place(text: str, reason: Reason) -> None:
    for market, place in (
        (_with(assets=[{"asset": "BTC", "index": "@"}]), "market.assets[0].index"),
        (_with(listings=[{"listing": "okx:BTC/USDT", "last": "@"}]), "market.listings[0].last"),
    ):
        data = json.dumps(market).replace('"@"', text).encode()
        found = _refused(data)
        assert [why for _, why in found] == [reason]
        assert found[0][0].startswith(place)


CHAIN = {
    "chain": "package:deribit_option_chain_oi_iv_2026-08-08.csv",
    "format": "deribit-oi-iv",
    "venue": "deribit",
}
DVOL = "deribit_dvol_daily_2021_2026.csv"
LOW_ABOVE_HIGH = {"asset": "BTC", "low": 2, "high": 1}


@pytest.mark.parametrize(
    ("field", "value", "where", "reason"),
    [
        ("schema", "crossmargin/book/1", "schema", Reason.OUT_OF_BOUNDS),
        ("as_of", "2026-08-08T08:00:00", "as_of", Reason.OUT_OF_BOUNDS),
        ("sequence", -1, "sequence", Reason.OUT_OF_BOUNDS),
        ("sequence", 1.5, "sequence", Reason.WRONG_TYPE),
        ("assets", {}, "assets", Reason.WRONG_TYPE),
        ("assets", [3], "assets[0]", Reason.WRONG_TYPE),
        ("assets", [{"asset": CYRILLIC_BTC}], "assets[0].asset", Reason.LOOK_ALIKE),
        ("assets", [{"asset": "1000PEPE"}], "assets[0].asset", Reason.UNSUPPORTED),
        ("assets", [LOW_ABOVE_HIGH], "assets[0].low", Reason.CONTRADICTION),
        ("listings", [{"listing": "okx:BTC/USDT"}] * 2, "listings[1]", Reason.DUPLICATE),
        ("include", [{**CHAIN, "chain": "x"}], "include[0].chain", Reason.MISSING_DATA),
        ("include", [{**CHAIN, "format": "x"}], "include[0].format", Reason.OUT_OF_BOUNDS),
        ("history", {"prices": "package:none"}, "history.prices", Reason.MISSING_DATA),
    ],
)
def test_one_fault_gives_one_failure_that_names_its_place(
    field: str, value: Any, where: str, reason: Reason
) -> None:
    assert _refused(_with(**{field: value})) == [(f"market.{where}", reason)]


def test_a_history_of_another_layout_is_refused_by_its_name() -> None:
    found = _refused(_with(history={"prices": f"package:{DVOL}"}))
    assert found == [(DVOL, Reason.WRONG_TYPE)]


def test_a_chain_of_another_day_is_stale() -> None:
    found = _refused(_with(as_of="2026-08-09T08:00:00Z", include=[CHAIN, CHAIN]))
    assert found == [
        ("market.include[0]", Reason.STALE),
        ("market.include[1]", Reason.STALE),
        ("market.include[1]", Reason.DUPLICATE),
    ]


def test_a_written_figure_goes_before_an_included_one() -> None:
    name = "deribit:BTC/USD:BTC-260810-57000-P"
    market = _with(include=[CHAIN], listings=[{"listing": name, "vol": 0.9}])
    snapshot = _read(market).snapshot
    quote = snapshot.listings[name]
    assert quote.vol is not None
    assert quote.vol.value == 0.9
    assert quote.open_interest_contracts is not None
    index = snapshot.assets["BTC"].index
    assert index is not None
    assert index.source.text == "desk"


def test_totals_are_read_by_pair() -> None:
    totals = {
        "as_of": "2026-08-08T07:00:00Z",
        "long_notional": {"BTC": "1000.50"},
        "venue_collateral": {"deribit/stETH": 12.5},
        "owner_delta": {"fund/BTC": "-3"},
        "open_interest": {"okx:BTC/USDT:USDT": 100},
    }
    read = _read(_with(totals=totals)).snapshot.totals
    assert read.long_notional["BTC"].value == 1000.5
    assert read.venue_collateral["deribit", "stETH"].value == 12.5
    assert read.owner_delta["fund", "BTC"].value == -3.0
    assert read.open_interest["okx:BTC/USDT:USDT"].value == 100.0
    assert instant_text(read.as_of_ns) == "2026-08-08T07:00:00Z"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.just("BTC"),
    lambda x: st.lists(x, max_size=2) | st.dictionaries(st.text(max_size=4), x, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*SMALL, "totals", "include", "history"]), JSON_VALUES))
@settings(max_examples=120)
def test_whatever_stands_in_a_field_the_answer_is_a_market_or_a_refusal(
    changes: dict[str, Any],
) -> None:
    try:
        read = _read(_with(**changes))
    except InputRefused:
        return
    assert all(quoted.source.text for _, quoted in quoted_fields(read.snapshot))


@given(st.sampled_from(["assets", "expiries", "listings"]), st.text(min_size=1, max_size=8))
@settings(max_examples=60)
def test_an_unknown_field_is_always_refused(section: str, name: str) -> None:
    row = dict(SMALL[section][0])  # type: ignore[call-overload]
    if name in row:
        return
    assert Reason.UNKNOWN_FIELD in [
        why for _, why in _refused(_with(**{section: [{**row, name: 1}]}))
    ]


def test_the_example_holds_the_whole_chain_and_counts_what_it_assumes() -> None:
    market = _example()
    assert len(market.listings) == 1540
    assert len(market.snapshot.listings) == 1617
    assert market.prices is not None
    assert market.vol_index is not None
    vol = market.snapshot.assets["BTC"].vol_index
    assert vol is not None
    assert (vol.value, vol.source.kind) == (0.3392, SourceKind.GIVEN)
    assumed = assumed_fields(completed_market(market.snapshot))
    assert len(assumed) == len({path for path, _ in assumed})
    assert 0 < len(assumed) < 250
    assert all(reason for _, reason in assumed)


def test_every_listing_of_the_completed_example_has_a_mark_and_every_option_a_real_vol() -> None:
    completed = completed_market(_example().snapshot)
    assert all(quote.mark is not None for quote in completed.listings.values())
    kinds = {quote.vol.source.kind for quote in completed.listings.values() if quote.vol}
    assert kinds == {SourceKind.GIVEN}
    assert all(
        quote.instrument.expiry_ns > completed.as_of_ns
        for quote in _example().listings.values()
        if hasattr(quote.instrument, "expiry_ns")
    )
