import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.market.oracle import (
    BackingReport,
    BackingRule,
    Doubt,
    Exclusion,
    Fallback,
    FallbackKind,
    Fused,
    OraclePolicy,
    PriceState,
    SourcePrice,
    SourceTerms,
    fused,
)
from crossmargin.market.price_vector import MarkUsed, price_used, price_vector, with_fused
from crossmargin.market.snapshot import MarketSnapshot
from crossmargin.market.totals import MarketTotals

NOW = 1_800_000_000 * NS_PER_SECOND
SECOND = NS_PER_SECOND
NAMES = ("aqua", "blue", "cyan", "dark", "east")

POLICY = OraclePolicy(
    asset="BTC",
    sources=tuple(SourceTerms(name=name) for name in NAMES),
    band_low=100.0,
    band_high=10_000_000.0,
    fallback=Fallback(
        name="last good BTC, halved and doubled", kind=FallbackKind.LAST_GOOD, after_ns=600 * SECOND
    ),
)


def said(
    source: str, price: float, at: int = NOW, *, asset: str = "BTC", authenticated: bool = True
) -> SourcePrice:
    return SourcePrice(
        source=source, asset=asset, price=price, event_time_ns=at, authenticated=authenticated
    )


def all_say(price: float, at: int = NOW, names: tuple[str, ...] = NAMES) -> tuple[SourcePrice, ...]:
    return tuple(said(name, price, at) for name in names)


def looked(
    *prices: SourcePrice,
    policy: OraclePolicy = POLICY,
    previous: Fused | None = None,
    at: int = NOW,
    backing: BackingReport | None = None,
) -> Fused:
    return fused(policy, prices, previous, at, backing)


def reasons(found: Fused) -> dict[str, Exclusion]:
    return {x.said.source: x.reason for x in found.excluded}


def test_the_index_is_the_median_of_the_sources() -> None:
    prices = (60_000.0, 60_030.0, 59_990.0, 60_010.0, 60_020.0)
    found = looked(*(said(n, p) for n, p in zip(NAMES, prices, strict=True)))
    assert (found.state, found.index) == (PriceState.FRESH, 60_010.0)
    assert found.confidence == 1.0
    assert found.low < 60_010.0 < found.high
    assert found.credit_price == found.low
    assert found.debt_price == found.high


LIES = {
    "a tenth": (6_000.0, NOW),
    "tenfold": (600_000.0, NOW),
    "not a number": (math.nan, NOW),
    "infinite": (math.inf, NOW),
    "negative": (-60_000.0, NOW),
    "zero": (0.0, NOW),
    "a thousandfold": (60_000_000.0, NOW),
    "tiny": (1e-18, NOW),
    "from the future": (60_000.0, NOW + 600 * SECOND),
    "frozen an hour ago": (50_000.0, NOW - 3_600 * SECOND),
    "frozen with a running clock": (50_000.0, NOW),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("honest", [3, 4])
@pytest.mark.parametrize("liar", ["aardvark", "zulu"])
def test_one_dishonest_source_changes_nothing(lie: str, honest: int, liar: str) -> None:
    price, at = LIES[lie]
    policy = replace(POLICY, sources=(*POLICY.sources[:honest], SourceTerms(name=liar)))
    truth = all_say(60_000.0, names=NAMES[:honest])
    without = looked(*truth, policy=policy)
    found = looked(*truth, said(liar, price, at), policy=policy)
    assert (found.state, found.index, found.low, found.high, found.new_credit) == (
        PriceState.FRESH,
        60_000.0,
        without.low,
        without.high,
        True,
    )


@pytest.mark.parametrize("lie", sorted(set(LIES) - {"frozen an hour ago"}))
def test_of_three_sources_one_may_lie_as_long_as_it_speaks(lie: str) -> None:
    price, at = LIES[lie]
    policy = replace(POLICY, sources=POLICY.sources[:3])
    found = looked(*all_say(60_000.0, names=NAMES[:2]), said("cyan", price, at), policy=policy)
    assert (found.state, found.index) == (PriceState.FRESH, 60_000.0)


def test_of_three_sources_a_silent_one_leaves_no_quorum() -> None:
    policy = replace(POLICY, sources=POLICY.sources[:3])
    first = looked(*all_say(60_000.0, names=NAMES[:3]), policy=policy)
    found = looked(*all_say(60_000.0, names=NAMES[:2]), policy=policy, previous=first)
    assert (found.state, found.doubt, found.missing) == (
        PriceState.INTERVAL,
        Doubt.NO_QUORUM,
        ("cyan",),
    )


def test_two_sources_of_which_one_is_a_thousandfold_wrong_give_no_mean() -> None:
    policy = replace(POLICY, sources=POLICY.sources[:3])
    found = looked(said("aqua", 60_000.0), said("blue", 60_000_000.0), policy=policy)
    assert (found.state, found.index, found.low, found.high) == (
        PriceState.NONE,
        None,
        100.0,
        10_000_000.0,
    )
    assert found.credit_price == 0.0


def test_every_reason_is_named() -> None:
    policy = replace(
        POLICY,
        sources=(*POLICY.sources, SourceTerms(name="floored", clamp_low=107.0)),
    )
    found = looked(
        *all_say(60_000.0, names=NAMES[:3]),
        said("dark", 60_000.0),
        said("dark", 60_001.0),
        said("east", 61_900.0, NOW - 31 * SECOND),
        said("floored", 107.0),
        said("nobody", 60_000.0),
        said("aqua", 1.0, NOW + 1, authenticated=False),
        policy=policy,
    )
    assert reasons(found) == {
        "dark": Exclusion.CONTRADICTORY,
        "east": Exclusion.STALE,
        "floored": Exclusion.CLAMPED,
        "nobody": Exclusion.UNKNOWN_SOURCE,
        "aqua": Exclusion.UNAUTHENTICATED,
    }
    assert found.index == 60_000.0
    assert found.missing == ("east",)


@pytest.mark.parametrize(
    ("price", "at", "reason"),
    [
        (math.nan, NOW, Exclusion.NOT_A_NUMBER),
        (-math.inf, NOW, Exclusion.NOT_A_NUMBER),
        (0.0, NOW, Exclusion.NOT_POSITIVE),
        (99.0, NOW, Exclusion.OUT_OF_BAND),
        (10_000_001.0, NOW, Exclusion.OUT_OF_BAND),
        (60_000.0, NOW + SECOND + 1, Exclusion.FUTURE_DATED),
        (61_201.0, NOW, Exclusion.DEVIANT),
        (58_799.0, NOW, Exclusion.DEVIANT),
    ],
)
def test_a_wrong_message_is_excluded_for_what_is_wrong_with_it(
    price: float, at: int, reason: Exclusion
) -> None:
    found = looked(*all_say(60_000.0, names=NAMES[:4]), said("east", price, at))
    assert reasons(found) == {"east": reason}
    assert [x.source for x in found.used] == list(NAMES[:4])


def test_three_sources_that_all_disagree_have_no_price() -> None:
    found = looked(said("aqua", 50_000.0), said("blue", 60_000.0), said("cyan", 70_000.0))
    assert (found.state, found.doubt, len(found.used)) == (
        PriceState.NONE,
        Doubt.NO_QUORUM,
        1,
    )


def test_a_feed_at_its_floor_does_not_price_a_coin_that_fell_through() -> None:
    sources = tuple(SourceTerms(name=name, clamp_low=0.107) for name in NAMES)
    policy = replace(POLICY, asset="LUNA", sources=sources, band_low=1e-9)
    good = looked(*(said(n, 5.0, asset="LUNA") for n in NAMES), policy=policy)
    at = NOW + 100 * SECOND
    found = looked(
        *(said(n, 0.107, at, asset="LUNA") for n in NAMES), policy=policy, previous=good, at=at
    )
    assert (found.state, found.credit_price, found.index) == (PriceState.INTERVAL, 0.0, 5.0)


def test_without_a_quorum_the_asset_has_an_interval_a_timer_and_a_named_fallback() -> None:
    good = looked(*all_say(60_000.0))
    lost = looked(at=NOW + 40 * SECOND, previous=good)
    assert (lost.state, lost.index, lost.low, lost.high) == (
        PriceState.INTERVAL,
        60_000.0,
        30_000.0,
        90_000.0,
    )
    assert (lost.credit_price, lost.debt_price) == (0.0, 90_000.0)
    assert lost.since_ns == NOW + 40 * SECOND
    late = looked(at=lost.since_ns + 599 * SECOND, previous=lost)
    assert late.state is PriceState.INTERVAL
    gone = looked(at=lost.since_ns + 600 * SECOND, previous=late)
    assert (gone.state, gone.fallback, gone.index) == (
        PriceState.FALLBACK,
        "last good BTC, halved and doubled",
        60_000.0,
    )
    assert not gone.new_credit
    back = looked(*all_say(60_100.0, gone.as_of_ns), at=gone.as_of_ns, previous=gone)
    assert (back.state, back.index, back.new_credit) == (PriceState.FRESH, 60_100.0, True)


def test_a_jump_is_held_back_until_it_has_lasted() -> None:
    good = looked(*all_say(60_000.0))
    at = NOW + SECOND
    fell = looked(*all_say(30_000.0, at), at=at, previous=good)
    assert (fell.state, fell.doubt, fell.index) == (PriceState.INTERVAL, Doubt.JUMP, 60_000.0)
    assert fell.low <= 30_000.0
    at += 59 * SECOND
    still = looked(*all_say(31_000.0, at), at=at, previous=fell)
    assert still.doubt is Doubt.JUMP
    at += SECOND
    lasted = looked(*all_say(31_000.0, at), at=at, previous=still)
    assert (lasted.state, lasted.index) == (PriceState.FRESH, 31_000.0)


def test_a_print_that_goes_back_leaves_no_trace_in_the_index() -> None:
    good = looked(*all_say(60_000.0))
    spike = looked(*all_say(600_000.0, NOW + 1), at=NOW + 1, previous=good)
    back = looked(*all_say(60_000.0, NOW + 2), at=NOW + 2, previous=spike)
    assert (back.state, back.index, back.twap) == (PriceState.FRESH, 60_000.0, 60_000.0)


def test_a_steady_fall_is_no_jump() -> None:
    found, price = looked(*all_say(60_000.0)), 60_000.0
    for step in range(1, 31):
        price *= 0.97
        at = NOW + step * SECOND
        found = looked(*all_say(price, at), at=at, previous=found)
        assert (found.state, found.index) == (PriceState.FRESH, price)
    assert found.low < price < 39_000.0 < found.high


WRAPPED = OraclePolicy(
    asset="wBETH",
    sources=tuple(SourceTerms(name=name) for name in NAMES),
    band_low=1.0,
    band_high=100_000.0,
    jump_frac=10.0,
    fallback=Fallback(
        name="redemption value of wBETH", kind=FallbackKind.REDEMPTION, after_ns=120 * SECOND
    ),
    backing=BackingRule(
        base="ETH",
        ratio=1.08,
        gap_frac=0.05,
        backed_frac_min=0.99,
        proof_stale_ns=86_400 * SECOND,
    ),
)


def backing(**said_of_it: float | bool | None) -> BackingReport:
    words = {"base_price": 3_700.0, "backed_frac": 1.0, "proven_ns": NOW, "redeemable": True}
    return BackingReport(**{**words, **said_of_it})  # type: ignore[arg-type]


def wrapped(price: float, at: int = NOW) -> tuple[SourcePrice, ...]:
    return tuple(said(name, price, at, asset="wBETH") for name in NAMES)


def test_a_wrapped_coin_is_priced_as_itself_and_never_credited_above_its_redemption() -> None:
    found = looked(*wrapped(4_050.0), policy=WRAPPED, backing=backing())
    assert (found.state, found.index) == (PriceState.FRESH, 4_050.0)
    assert found.credit_price == pytest.approx(3_700.0 * 1.08 * 0.999)
    assert found.high == pytest.approx(4_050.0 * 1.001)


def test_a_print_far_below_redemption_is_in_doubt_and_liquidates_nobody_at_the_best_end() -> None:
    good = looked(*wrapped(3_996.0), policy=WRAPPED, backing=backing())
    at = NOW + SECOND
    crash = looked(*wrapped(430.0, at), policy=WRAPPED, at=at, previous=good, backing=backing())
    assert (crash.state, crash.doubt, crash.index) == (
        PriceState.INTERVAL,
        Doubt.REDEMPTION_GAP,
        3_996.0,
    )
    assert crash.high >= 3_996.0
    assert crash.credit_price == 0.0


def test_a_gap_to_redemption_that_lasts_becomes_the_price() -> None:
    good = looked(*wrapped(3_996.0), policy=WRAPPED, backing=backing())
    found = good
    for second in range(0, 62, 2):
        at = NOW + (1 + second) * SECOND
        found = looked(
            *wrapped(3_000.0, at), policy=WRAPPED, at=at, previous=found, backing=backing()
        )
    assert (found.state, found.index) == (PriceState.FRESH, 3_000.0)


def test_a_coin_without_backing_gives_no_new_credit_whatever_its_price() -> None:
    for report in (
        None,
        backing(backed_frac=0.5, redeemable=False),
        backing(proven_ns=NOW - 86_401 * SECOND),
        backing(proven_ns=NOW + 3_600 * SECOND),
    ):
        found = looked(*wrapped(3_996.0), policy=WRAPPED, backing=report)
        assert (found.state, found.index, found.credit_price) == (PriceState.FRESH, 3_996.0, 0.0)


def test_a_coin_that_is_backed_by_half_is_credited_for_half() -> None:
    rule = replace(WRAPPED.backing, backed_frac_min=0.4)  # type: ignore[type-var]
    policy = replace(WRAPPED, backing=rule)
    report = backing(backed_frac=0.5, redeemable=False)
    found = looked(*wrapped(3_996.0), policy=policy, backing=report)
    assert found.credit_price == pytest.approx(0.5 * 3_700.0 * 1.08 * 0.999)


def test_the_fallback_of_a_wrapped_coin_is_its_redemption_value() -> None:
    good = looked(*wrapped(3_996.0), policy=WRAPPED, backing=backing())
    lost = looked(at=NOW + 40 * SECOND, policy=WRAPPED, previous=good, backing=backing())
    gone = looked(
        at=lost.as_of_ns + 120 * SECOND,
        policy=WRAPPED,
        previous=lost,
        backing=backing(base_price=3_600.0),
    )
    assert (gone.state, gone.fallback) == (PriceState.FALLBACK, "redemption value of wBETH")
    assert gone.index == pytest.approx(3_600.0 * 1.08)


@settings(max_examples=40)
@given(
    honest=st.lists(st.floats(59_700.0, 60_300.0), min_size=3, max_size=3),
    lies=st.lists(
        st.tuples(
            st.floats(allow_nan=True, allow_infinity=True),
            st.integers(NOW - 100 * SECOND, NOW + 100 * SECOND),
        ),
        min_size=2,
        max_size=2,
    ),
)
def test_two_liars_of_five_never_move_the_index_out_of_what_the_honest_say(
    honest: list[float], lies: list[tuple[float, int]]
) -> None:
    prices = [said(n, p) for n, p in zip(NAMES[:3], honest, strict=True)]
    prices += [said(n, p, at) for n, (p, at) in zip(NAMES[3:], lies, strict=True)]
    found = looked(*prices)
    assert found.state is PriceState.FRESH
    assert found.index is not None
    assert min(honest) <= found.index <= max(honest)


def test_the_order_of_the_messages_does_not_matter() -> None:
    prices = [said("aqua", 60_000.0), said("blue", 60_100.0), said("cyan", 59_900.0)]
    prices.append(said("dark", 6_000.0))
    found = [looked(*order) for order in itertools.permutations(prices)]
    assert all(x == found[0] for x in found)


def test_time_does_not_go_backwards() -> None:
    good = looked(*all_say(60_000.0))
    with pytest.raises(ValueError, match="BTC"):
        looked(*all_say(60_000.0), at=NOW - 1, previous=good)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quorum": 1}, "oracle.BTC.quorum"),
        ({"quorum": 6}, "oracle.BTC.quorum"),
        ({"band_low": 0.0}, "oracle.BTC.band_low"),
        ({"band_high": math.inf}, "oracle.BTC.band_high"),
        ({"deviation_frac": math.nan}, "oracle.BTC.deviation_frac"),
        ({"averaging_ns": 0}, "oracle.BTC.averaging_ns"),
        ({"interval_frac": 1.5}, "oracle.BTC.interval_frac"),
        ({"sources": (SourceTerms(name="x"), SourceTerms(name="x"))}, "oracle.BTC.sources"),
        (
            {"fallback": Fallback(name="none", kind=FallbackKind.REDEMPTION, after_ns=1)},
            "oracle.BTC.fallback",
        ),
        (
            {
                "backing": BackingRule(
                    base="BTC", ratio=0.0, gap_frac=0.1, backed_frac_min=1.0, proof_stale_ns=1
                )
            },
            "oracle.BTC.backing.ratio",
        ),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_the_field(
    change: dict[str, object], field: str
) -> None:
    with pytest.raises(InputRefused) as refused:
        replace(POLICY, **change)  # type: ignore[arg-type]
    assert field in {failure.where for failure in refused.value.failures}


def test_a_decision_stores_the_prices_it_used() -> None:
    found = looked(*all_say(60_000.0), said("liar", math.nan))
    vector = price_vector([price_used(found)])
    assert vector.prices[0].said == tuple((name, 60_000.0, NOW) for name in NAMES)
    assert vector == price_vector([price_used(looked(*reversed(all_say(60_000.0))))])
    other = price_vector([price_used(looked(*all_say(60_001.0)))])
    assert other.content_hash != vector.content_hash
    marked = MarkUsed(listing_id="venue:BTC/USDC:USDC", mark=60_000.0, vol=None)
    assert price_vector(vector.prices, [marked]).content_hash != vector.content_hash


def test_the_snapshot_says_what_is_assumed_and_maintenance_has_the_last_good_price() -> None:
    empty = MarketSnapshot(
        as_of_ns=NOW,
        sequence=1,
        assets={},
        expiries={},
        listings={},
        totals=MarketTotals(as_of_ns=NOW, sequence=1),
    )
    good = looked(*all_say(60_000.0))
    lost = looked(at=NOW + 40 * SECOND, previous=good)
    fresh = with_fused(empty, {"BTC": good}).assets["BTC"]
    stale = with_fused(empty, {"BTC": lost}).assets["BTC"]
    assert fresh.index is not None
    assert (fresh.index.value, fresh.index.source.kind.value) == (60_000.0, "derived")
    assert stale.index is not None
    assert stale.index == stale.low == stale.high
    assert (stale.index.value, stale.index.source.kind.value) == (60_000.0, "assumed")
    assert lost.credit_price == 0.0
    nothing = with_fused(empty, {"BTC": looked()}).assets["BTC"]
    assert (nothing.index, nothing.low, nothing.high) == (None, None, None)
