"""Published option chains become snapshots; a damaged one is refused with its lines."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.base.instant import instant_text
from crossmargin.domain.instrument import Option, Right
from crossmargin.kernels import ImpliedReason
from crossmargin.market.arbitrage import surface_violations
from crossmargin.market.complete import completed_market
from crossmargin.market.forward import completed_expiries
from crossmargin.market.implied import implied_of_marks, mark_of_vol
from crossmargin.market.option_quote import fitted_surfaces, option_rows
from crossmargin.market.quoted import SourceKind
from crossmargin.market.snapshot import MarketSnapshot, assumed_fields
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.chain import ChainFormat, OptionChain, chain_snapshot, read_chain

CHAIN_2026 = "deribit_option_chain_oi_iv_2026-08-08.csv"
CHAIN_2024 = "deribit_ETH_option_chain_2024-01-08.csv"


def _read(data: bytes, chain_format: ChainFormat) -> OptionChain:
    return read_chain(
        data, chain_format, "deribit", "chain.csv", bundled_registry(), bundled_terms()
    )


@cache
def _chain_2026() -> OptionChain:
    return _read(read_bundled(f"package:{CHAIN_2026}"), ChainFormat.OI_IV)


@cache
def _snapshot_2024() -> MarketSnapshot:
    chain = _read(read_bundled(f"package:{CHAIN_2024}"), ChainFormat.BOOK_SUMMARY)
    snapshot = chain_snapshot(chain, 1)
    return replace(snapshot, expiries=completed_expiries(snapshot))


def _option_arrays() -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    rows = option_rows(_snapshot_2024())
    marks = np.array([row.quote.mark.value for row in rows if row.quote.mark])
    terms = (
        np.array([row.forward.value for row in rows]),
        np.array([float(row.option.strike) for row in rows]),
        np.array([row.years for row in rows]),
        np.array([row.option.right is Right.CALL for row in rows]),
        np.array([row.option.inverse for row in rows]),
        np.array([row.rate.value for row in rows]),
    )
    return marks, terms


def test_the_chain_of_2026_has_all_its_instruments_with_terms_vol_and_open_interest() -> None:
    chain = _chain_2026()
    assert len(chain.listings) == len(chain.quotes) == 1540
    assert instant_text(chain.as_of_ns) == "2026-08-08T00:00:00Z"
    underlyings = [x.instrument.underlying for x in chain.listings.values()]
    assert (underlyings.count("BTC"), underlyings.count("ETH")) == (830, 710)
    assert len(chain.expiries) == 24
    name = "deribit:BTC/USD:BTC-260810-57000-P"
    quote = chain.quotes[name]
    assert quote.vol is not None
    assert quote.vol.value == 0.4827
    assert quote.mark is None
    assert chain.listings[name].native_symbol == "BTC-10AUG26-57000-P"
    btc = [
        quote.open_interest_contracts.value
        for quote in chain.quotes.values()
        if quote.instrument.underlying == "BTC" and quote.open_interest_contracts
    ]
    assert sum(btc) == pytest.approx(325152.9, abs=1e-6)


def test_what_the_chain_of_2026_lacks_is_assumed_with_its_reason() -> None:
    assumed = assumed_fields(completed_market(chain_snapshot(_chain_2026(), 1)))
    assert [path for path, _ in assumed if path.startswith("assets")] == [
        "assets.BTC.index",
        "assets.ETH.index",
    ]
    assert sum(path.endswith(".rate") for path, _ in assumed) == 24
    assert len(assumed) == 26


def test_every_option_of_2026_is_marked_from_its_vol_within_its_bounds() -> None:
    completed = completed_market(chain_snapshot(_chain_2026(), 1))
    for row in option_rows(completed):
        mark = row.quote.mark
        assert mark is not None
        assert mark.source.kind is SourceKind.DERIVED
        moneyness = float(row.option.strike) / row.forward.value
        intrinsic = 1.0 - moneyness if row.option.right is Right.CALL else moneyness - 1.0
        upper = 1.0 if row.option.right is Right.CALL else moneyness
        assert max(intrinsic, 0.0) - 1e-15 <= mark.value <= upper


def test_the_surfaces_of_2026_name_their_violations() -> None:
    surfaces = fitted_surfaces(completed_market(chain_snapshot(_chain_2026(), 1)))
    assert {code: len(x.slices) for code, x in surfaces.items()} == {"BTC": 12, "ETH": 12}
    found = [x for surface in surfaces.values() for x in surface_violations(surface)]
    assert 0 < len(found) < 100
    assert all(x.excess < 1e-3 for x in found)
    assert all(str(x).startswith(x.underlying) for x in found)


def test_all_but_three_of_the_684_marks_of_2024_carry_a_vol() -> None:
    marks, terms = _option_arrays()
    vols, reasons = implied_of_marks(marks, *terms)
    assert len(vols) == 684
    assert np.count_nonzero(np.isnan(vols)) == 3
    assert set(reasons[np.isnan(vols)].tolist()) == {int(ImpliedReason.BELOW_TICK)}
    found = vols[~np.isnan(vols)]
    assert found.min() > 0.6
    assert found.max() < 2.0


def test_implied_vols_of_2024_give_the_marks_back() -> None:
    marks, terms = _option_arrays()
    vols, _ = implied_of_marks(marks, *terms)
    known = ~np.isnan(vols)
    again = mark_of_vol(np.where(known, vols, 0.0), *terms)
    assert np.abs(again - marks)[known].max() < 1e-14


def test_call_and_put_of_2024_at_one_strike_imply_nearly_one_vol() -> None:
    _, terms = _option_arrays()
    rows = option_rows(_snapshot_2024())
    vols, _ = implied_of_marks(_option_arrays()[0], *terms)
    pairs: dict[tuple[int, object], list[float]] = {}
    for row, vol in zip(rows, vols.tolist(), strict=True):
        pairs.setdefault((row.option.expiry_ns, row.option.strike), []).append(vol)
    gaps = [abs(x[0] - x[1]) for x in pairs.values() if len(x) == 2]
    assert len(gaps) == 342
    assert float(np.nanmedian(gaps)) < 2e-4


def test_parity_of_the_marks_of_2024_agrees_with_the_published_underlying_price() -> None:
    snapshot = _snapshot_2024()
    parity = completed_expiries(replace(snapshot, expiries={}))
    assert len(parity) == 11
    for key, expiry in parity.items():
        published = snapshot.expiries[key].forward
        assert expiry.forward is not None
        assert published is not None
        assert expiry.forward.source.kind is SourceKind.DERIVED
        assert expiry.forward.value == pytest.approx(published.value, rel=5e-5)


def test_an_empty_or_zero_bid_is_no_quote_and_index_is_not_the_forward() -> None:
    snapshot = _snapshot_2024()
    quoted = [x for x in snapshot.listings.values() if x.bid and x.ask]
    assert 0 < len(quoted) < 684
    assert all(x.bid is None or x.bid.value > 0.0 for x in snapshot.listings.values())
    index = snapshot.assets["ETH"].index
    assert index is not None
    assert index.value == 2222.19
    assert index.source.kind is SourceKind.GIVEN
    forwards = {x.forward.value for x in snapshot.expiries.values() if x.forward}
    assert index.value not in forwards


LINES = read_bundled(f"package:{CHAIN_2026}").decode().splitlines()
GOOD = "2026-08-08,BTC,BTC-10AUG26-57000-P,10AUG26,57000,put,0,48.27,64822.53"


def _refused(*rows: str) -> list[tuple[str, Reason]]:
    with pytest.raises(InputRefused) as caught:
        _read("\n".join([LINES[0], *rows]).encode(), ChainFormat.OI_IV)
    return [(failure.where, failure.reason) for failure in caught.value.failures]


def test_one_good_row_is_a_chain() -> None:
    chain = _read("\n".join([LINES[0], GOOD]).encode(), ChainFormat.OI_IV)
    (listing,) = chain.listings.values()
    assert isinstance(listing.instrument, Option)
    assert instant_text(listing.instrument.expiry_ns) == "2026-08-10T08:00:00Z"


def test_all_faults_of_a_chain_are_shown_with_their_lines_and_columns() -> None:
    assert _refused(
        GOOD,
        GOOD.replace("48.27", "nan"),
        GOOD.replace("48.27", "1e999"),
        GOOD.replace(",0,", ",-1,"),
        GOOD.replace("10AUG26,57000,put", "11AUG26,57000,putt"),
    ) == [
        ("chain.csv:3.mark_iv", Reason.NOT_A_NUMBER),
        ("chain.csv:4.mark_iv", Reason.NOT_A_NUMBER),
        ("chain.csv:5.open_interest", Reason.OUT_OF_BOUNDS),
        ("chain.csv:6.expiry", Reason.CONTRADICTION),
        ("chain.csv:6.type", Reason.CONTRADICTION),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace(",57000,put", ",58000,put"), Reason.CONTRADICTION),
        (GOOD.replace("put", "call"), Reason.CONTRADICTION),
        (GOOD.replace(",BTC,BTC-", ",BTC,\u0412\u0422\u0421-"), Reason.LOOK_ALIKE),
        (GOOD.replace("BTC-10AUG26-57000-P", "BTC-31FEB26-57000-P"), Reason.CONTRADICTION),
        (GOOD.replace("BTC", "ZZZZ"), Reason.UNKNOWN_ASSET),
        (GOOD.replace("-57000-P", "").replace(",57000", ",57000"), Reason.UNKNOWN_SYMBOL),
        (GOOD + ",1", Reason.WRONG_TYPE),
    ],
)
def test_a_row_that_contradicts_itself_or_is_unknown_is_refused(row: str, reason: Reason) -> None:
    assert reason in [found for _, found in _refused(GOOD, row)]


def test_an_instrument_twice_and_rows_of_two_moments_are_refused() -> None:
    assert ("chain.csv:3", Reason.DUPLICATE) in _refused(GOOD, GOOD)
    other = GOOD.replace("57000", "58000").replace("64822.53", "60000")
    assert [reason for _, reason in _refused(GOOD, other)] == [Reason.CONTRADICTION]


@pytest.mark.parametrize("data", [b"", b"\xff", b"a,b\n1,2", b'"'])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputRefused) as caught:
        _read(data, ChainFormat.OI_IV)
    assert [failure.reason for failure in caught.value.failures] == [Reason.WRONG_TYPE]
