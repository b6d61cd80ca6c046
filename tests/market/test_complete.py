"""Completion derives what follows, states what it assumes, and replaces nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.domain.instrument import Right
from crossmargin.market.complete import completed_market
from crossmargin.market.quoted import Quoted, SourceKind
from crossmargin.market.snapshot import MarketSnapshot, quoted_fields
from tests.market import markets

FORWARD = [markets.expiry(forward=65500.0), markets.expiry(markets.FAR_NS, forward=66500.0)]


def _completed(market: MarketSnapshot, name: str, field: str) -> Quoted | None:
    quoted: Quoted | None = getattr(completed_market(market).listings[name], field)
    return quoted


@given(st.floats(0.05, 4.0), st.sampled_from(["40000", "65500", "66000", "90000"]))
@settings(max_examples=40)
def test_mark_and_vol_of_an_option_give_each_other_back(vol: float, strike: str) -> None:
    instrument = markets.option(strike, Right.PUT if strike < "65500" else Right.CALL)
    market = markets.snapshot([markets.quote("d:o", instrument, vol=vol)], FORWARD)
    mark = _completed(market, "d:o", "mark")
    assert mark is not None
    if mark.value < 2e-6:
        return
    back = markets.snapshot([markets.quote("d:o", instrument, mark=mark.value)], FORWARD)
    implied = _completed(back, "d:o", "vol")
    assert implied is not None
    assert implied.source.kind is SourceKind.DERIVED
    assert implied.value == pytest.approx(vol, rel=1e-6)


def test_a_mark_below_a_tick_carries_no_vol_and_the_surface_stands_in() -> None:
    far_call = markets.option("400000", Right.CALL)
    market = markets.snapshot(
        [
            markets.quote("d:far", far_call, mark=0.0),
            markets.quote("d:atm", markets.option("65500", Right.CALL), vol=0.5),
        ],
        FORWARD,
    )
    vol = _completed(market, "d:far", "vol")
    assert vol is not None
    assert vol.value == pytest.approx(0.5)
    assert vol.source.kind is SourceKind.ASSUMED
    assert "beyond the strikes" in vol.source.text


def test_between_quoted_strikes_the_surface_derives_a_vol() -> None:
    market = markets.snapshot(
        [
            markets.quote("d:low", markets.option("60000", Right.PUT), vol=0.6),
            markets.quote("d:high", markets.option("70000", Right.CALL), vol=0.5),
            markets.quote("d:o", markets.option("65000", Right.CALL)),
        ],
        FORWARD,
    )
    vol = _completed(market, "d:o", "vol")
    assert vol is not None
    assert vol.source.kind is SourceKind.DERIVED
    assert 0.5 < vol.value < 0.6


def test_without_a_surface_the_vol_index_is_assumed_and_without_one_there_is_no_vol() -> None:
    quotes = [markets.quote("d:o", markets.option("65000", Right.CALL))]
    indexed = [markets.asset("BTC", index=65000.0, vol_index=0.4)]
    vol = _completed(markets.snapshot(quotes, FORWARD, indexed), "d:o", "vol")
    assert vol is not None
    assert (vol.value, vol.source.kind) == (0.4, SourceKind.ASSUMED)
    assert _completed(markets.snapshot(quotes, FORWARD), "d:o", "vol") is None
    assert _completed(markets.snapshot(quotes, FORWARD), "d:o", "mark") is None


def test_an_option_at_its_expiry_is_marked_at_intrinsic_value() -> None:
    instrument = markets.option("60000", Right.CALL, markets.AS_OF_NS)
    expiry = markets.expiry(markets.AS_OF_NS, forward=64000.0)
    mark = _completed(markets.snapshot([markets.quote("d:o", instrument)], [expiry]), "d:o", "mark")
    assert mark is not None
    assert mark.value == pytest.approx(4000.0 / 64000.0, rel=1e-15)


def test_a_listing_of_the_book_is_added_and_a_perpetual_stays_unmarked() -> None:
    spot = markets.listing("okx", "BTC/USDT", markets.SPOT)
    perpetual = markets.listing("okx", "BTC/USDT:USDT", markets.PERPETUAL)
    found = completed_market(markets.snapshot([]), [spot, perpetual]).listings
    mark = found["okx:BTC/USDT"].mark
    assert mark is not None
    assert mark.value == pytest.approx(65000.0 / 0.998, rel=1e-15)
    assert mark.source.kind is SourceKind.DERIVED
    assert found["okx:BTC/USDT:USDT"].mark is None


def test_a_future_is_marked_from_a_real_forward_only() -> None:
    listing = markets.listing("okx", "f", markets.future())
    real = completed_market(markets.snapshot([], FORWARD), [listing]).listings["okx:f"].mark
    assert real is not None
    assert real.value == pytest.approx(65500.0 / 0.998, rel=1e-15)
    assert completed_market(markets.snapshot([]), [listing]).listings["okx:f"].mark is None


def test_an_id_that_means_two_instruments_is_refused() -> None:
    market = markets.snapshot([markets.quote("okx:x", markets.PERPETUAL, mark=1.0)])
    with pytest.raises(InputRefused) as caught:
        completed_market(market, [markets.listing("okx", "x", markets.SPOT)])
    assert [failure.reason for failure in caught.value.failures] == [Reason.CONTRADICTION]


def test_completion_keeps_every_figure_and_a_second_one_adds_nothing() -> None:
    market = markets.snapshot(
        [
            markets.quote("d:low", markets.option("60000", Right.PUT), vol=0.6, mark=0.01),
            markets.quote("d:o", markets.option("65000", Right.CALL)),
        ],
        FORWARD,
    )
    once = completed_market(market)
    before, after = dict(quoted_fields(market)), dict(quoted_fields(once))
    assert before.items() <= after.items()
    assert dict(quoted_fields(completed_market(once))) == after
