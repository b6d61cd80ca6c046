from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.action.call import (
    OPEN,
    CallState,
    MarginCall,
    acknowledged,
    cured,
    delivered,
    disputed,
    issued,
    passed,
    resolved,
)
from crossmargin.action.call_terms import (
    Acceptable,
    CallTerms,
    coins_for,
    counted,
    deadline_ns,
    horizon_failures,
)
from crossmargin.action.ladder import Measure
from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_DAY, NS_PER_SECOND
from crossmargin.rulebook.statement_types import LevelFigures

HOUR = 3_600 * NS_PER_SECOND
NOON = 20_000 * NS_PER_DAY + 12 * HOUR

USDC = Acceptable(asset="USDC", price=Decimal("0.999"), haircut_frac=Decimal("0.01"), decimals=6)
BTC = Acceptable(asset="BTC", price=Decimal(60_000), haircut_frac=Decimal("0.1"), decimals=8)
DUST = Acceptable(asset="DUST", price=Decimal(1), haircut_frac=Decimal(1), decimals=2)

TERMS = CallTerms(
    call_level="initial",
    cure_level="initial",
    currency="USD",
    threshold=Decimal(0),
    minimum_transfer=Decimal(500),
    rounding=Decimal(100),
    notice_ns=4 * HOUR,
    dispute_ns=24 * HOUR,
    lock_up_ns=48 * HOUR,
    cut_off_ns=16 * HOUR,
    acceptable=(USDC, BTC, DUST),
)


def figures(equity: str | None, requirement: str = "10000") -> Measure:
    own = LevelFigures(
        name="initial",
        equity=None if equity is None else Decimal(equity),
        requirement=Decimal(requirement),
        buffer=None,
        utilisation=None,
        utilisation_reason=None,
    )
    search = replace(own, name="search", requirement=Decimal(requirement) + 1_000)
    return Measure(levels=(own, search), net_liquidation_value=own.equity)


def called(equity: str = "8765.43", terms: CallTerms = TERMS) -> MarginCall:
    call = issued("call-1", "alice", terms, figures(equity), NOON)
    assert call is not None
    return call


def test_a_call_says_what_is_short_and_what_alone_would_meet_it() -> None:
    call = called()
    assert (call.shortfall, call.to_cure, call.amount) == (
        Decimal("1234.57"),
        Decimal("1234.57"),
        Decimal(1_300),
    )
    assert (call.deadline_ns, call.locked_until_ns) == (NOON + 4 * HOUR, NOON + 48 * HOUR)
    # 1,300 / (0.999 x 0.99) and 1,300 / 54,000, each up to its smallest unit.
    assert [(way.asset, way.coins) for way in call.ways] == [
        ("USDC", Decimal("1314.445759")),
        ("BTC", Decimal("0.02407408")),
    ]


def test_the_cure_level_may_lie_above_the_call_level() -> None:
    call = called(terms=replace(TERMS, cure_level="search"))
    assert (call.shortfall, call.to_cure, call.amount) == (
        Decimal("1234.57"),
        Decimal("2234.57"),
        Decimal(2_300),
    )


def test_a_cure_level_below_the_call_level_calls_no_less_than_is_short() -> None:
    measured = figures("8765.43")
    low = replace(measured.levels[1], name="low", requirement=Decimal(9_000))
    measured = replace(measured, levels=(*measured.levels, low))
    call = issued("c", "a", replace(TERMS, cure_level="low"), measured, NOON)
    assert call is not None
    assert call.to_cure == call.shortfall == Decimal("1234.57")


@pytest.mark.parametrize(
    ("equity", "in_transit", "change", "amount"),
    [
        ("10000", "0", {}, None),
        ("9500.01", "0", {}, None),
        ("9500", "0", {}, "500"),
        ("8000", "1500", {}, "500"),
        ("8000", "1500.01", {}, None),
        ("8000", "3000", {}, None),
        ("8000", "0", {"threshold": Decimal(1_400)}, "600"),
        ("8000", "0", {"threshold": Decimal(2_000)}, None),
        ("9999.99", "0", {"minimum_transfer": Decimal(0)}, "100"),
        ("9999.99", "0", {"minimum_transfer": Decimal(0), "rounding": Decimal("0.01")}, "0.01"),
    ],
)
def test_what_is_called_is_net_of_threshold_and_transit_and_not_below_the_minimum(
    equity: str, in_transit: str, change: dict[str, Decimal], amount: str | None
) -> None:
    terms = replace(TERMS, **change)  # type: ignore[arg-type]
    call = issued("c", "a", terms, figures(equity), NOON, in_transit=Decimal(in_transit))
    assert (None if call is None else call.amount) == (None if amount is None else Decimal(amount))


def test_after_the_cut_off_notice_runs_from_the_end_of_the_day() -> None:
    midnight = NOON + 12 * HOUR
    assert deadline_ns(TERMS, NOON + 4 * HOUR) == NOON + 8 * HOUR
    assert deadline_ns(TERMS, NOON + 4 * HOUR + 1) == midnight + 4 * HOUR
    assert deadline_ns(replace(TERMS, cut_off_ns=None), NOON + 11 * HOUR) == NOON + 15 * HOUR


def test_a_deadline_beyond_what_the_requirement_covers_is_named() -> None:
    notice, cut_off = TERMS.notice_ns, TERMS.cut_off_ns
    found = [f.where for f in horizon_failures(notice, cut_off, 11 * HOUR, "calls.notice_ns")]
    assert found == ["calls.notice_ns"]
    assert list(horizon_failures(notice, cut_off, 12 * HOUR, "calls")) == []
    assert list(horizon_failures(notice, None, 4 * HOUR, "calls")) == []


def test_a_call_is_seen_partly_met_and_met() -> None:
    call = acknowledged(called(), NOON + 1)
    call = delivered(call, "BTC", Decimal("0.02"), NOON + 2)
    assert (call.state, call.received, call.due) == (
        CallState.PARTLY_MET,
        Decimal(1_080),
        Decimal(220),
    )
    call = delivered(call, "USDC", Decimal("222.444676"), NOON + 3)
    assert call.state is CallState.MET
    assert [(step.state, step.at_ns) for step in call.steps] == [
        (CallState.ISSUED, NOON),
        (CallState.ACKNOWLEDGED, NOON + 1),
        (CallState.PARTLY_MET, NOON + 2),
        (CallState.MET, NOON + 3),
    ]


def test_a_call_that_is_not_met_in_time_expires() -> None:
    call = delivered(called(), "BTC", Decimal("0.02"), NOON + 2)
    assert passed(call, call.deadline_ns).state is CallState.PARTLY_MET
    expired = passed(call, call.deadline_ns + 1)
    assert (expired.state, expired.steps[-1].note) == (
        CallState.EXPIRED,
        "220 was not delivered in time",
    )
    assert passed(expired, call.deadline_ns + HOUR) == expired
    with pytest.raises(InputRefused, match="expired"):
        delivered(expired, "BTC", Decimal(1), call.deadline_ns + HOUR)


def test_of_a_disputed_call_the_undisputed_part_is_due_first() -> None:
    call = disputed(called(), Decimal(900), "the mark of one option", NOON + HOUR)
    assert (call.undisputed, call.due) == (Decimal(400), Decimal(400))
    unpaid = passed(call, call.deadline_ns + 1)
    assert (unpaid.state, unpaid.due) == (CallState.EXPIRED, Decimal(400))
    paid = delivered(call, "BTC", Decimal("0.0075"), NOON + 2 * HOUR)
    assert (paid.state, paid.due) == (CallState.DISPUTED, Decimal(0))
    assert passed(paid, call.deadline_ns + 1).state is CallState.DISPUTED


def test_a_settled_dispute_leaves_what_was_upheld() -> None:
    call = disputed(called(), Decimal(900), "the mark of one option", NOON + HOUR)
    call = delivered(call, "BTC", Decimal("0.0075"), NOON + 2 * HOUR)
    late = call.deadline_ns + HOUR
    none = resolved(call, Decimal(0), late)
    assert (none.state, none.amount) == (CallState.MET, Decimal(400))
    half = resolved(call, Decimal(450), late)
    assert (half.state, half.amount, half.due) == (
        CallState.PARTLY_MET,
        Decimal(850),
        Decimal(445),
    )
    assert passed(half, late).state is CallState.EXPIRED


def test_a_dispute_that_nobody_settles_ends_with_everything_due() -> None:
    call = disputed(called(), Decimal(900), "the mark of one option", NOON + HOUR)
    call = delivered(call, "BTC", Decimal("0.0075"), NOON + 2 * HOUR)
    assert passed(call, NOON + 25 * HOUR).state is CallState.DISPUTED
    ended = passed(call, NOON + 25 * HOUR + 1)
    assert (ended.state, ended.amount) == (CallState.EXPIRED, Decimal(1_300))


def test_figures_that_recover_meet_a_call_and_unavailable_ones_do_not() -> None:
    call = called()
    assert cured(call, figures("9999.99"), NOON + 1).state is CallState.ISSUED
    assert cured(call, figures(None), NOON + 1).state is CallState.ISSUED
    assert cured(call, figures("10000"), NOON + 1).state is CallState.MET


def test_terms_of_a_call_stay_as_they_were_when_it_was_issued() -> None:
    call = called()
    harsher = replace(TERMS, acceptable=(replace(USDC, haircut_frac=Decimal("0.5")),))
    assert call.terms != harsher
    later = delivered(call, "USDC", Decimal("1314.445759"), NOON + HOUR)
    assert later.state is CallState.MET


REFUSED = {
    "another asset": lambda call: delivered(call, "FTT", Decimal(1), NOON + 1),
    "no coins": lambda call: delivered(call, "BTC", Decimal(0), NOON + 1),
    "coins that are no number": lambda call: delivered(call, "BTC", Decimal("NaN"), NOON + 1),
    "a dispute of more": lambda call: disputed(call, Decimal(1_301), "all", NOON + 1),
    "a dispute of nothing": lambda call: disputed(call, Decimal(0), "none", NOON + 1),
    "a dispute without reason": lambda call: disputed(call, Decimal(1), "", NOON + 1),
    "a late dispute": lambda call: disputed(call, Decimal(1), "late", NOON + 5 * HOUR),
    "a second dispute": lambda call: disputed(
        resolved(disputed(call, Decimal(1), "x", NOON + 1), Decimal(1), NOON + 2),
        Decimal(1),
        "again",
        NOON + 3,
    ),
    "a settlement of no dispute": lambda call: resolved(call, Decimal(0), NOON + 1),
    "seen twice": lambda call: acknowledged(acknowledged(call, NOON + 1), NOON + 2),
    "an earlier step": lambda call: acknowledged(call, NOON - 1),
}


@pytest.mark.parametrize("act", REFUSED)
def test_an_act_that_makes_no_sense_is_refused(act: str) -> None:
    with pytest.raises(InputRefused):
        REFUSED[act](called())


def test_nothing_is_called_on_a_figure_that_is_unavailable() -> None:
    with pytest.raises(InputRefused, match="nothing is called"):
        issued("c", "a", TERMS, figures(None), NOON)
    with pytest.raises(InputRefused, match="'best' is no level"):
        issued("c", "a", replace(TERMS, call_level="best"), figures("1"), NOON)
    with pytest.raises(InputRefused, match="in_transit"):
        issued("c", "a", TERMS, figures("1"), NOON, in_transit=Decimal(-1))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"threshold": Decimal(-1)}, "call.threshold"),
        ({"minimum_transfer": Decimal("NaN")}, "call.minimum_transfer"),
        ({"rounding": Decimal(0)}, "call.rounding"),
        ({"notice_ns": -1}, "call.notice_ns"),
        ({"cut_off_ns": NS_PER_DAY}, "call.cut_off_ns"),
        ({"acceptable": (USDC, USDC)}, "call.acceptable.USDC"),
        ({"acceptable": (replace(USDC, price=Decimal(0)),)}, "call.acceptable.USDC.price"),
        (
            {"acceptable": (replace(USDC, haircut_frac=Decimal(2)),)},
            "call.acceptable.USDC.haircut_frac",
        ),
    ],
)
def test_terms_out_of_bounds_are_refused(change: dict[str, object], where: str) -> None:
    with pytest.raises(InputRefused) as refused:
        replace(TERMS, **change)  # type: ignore[arg-type]
    assert [failure.where for failure in refused.value.failures] == [where]


@settings(max_examples=40)
@given(st.decimals(Decimal("0.01"), Decimal(10**9), places=2), st.sampled_from([USDC, BTC]))
def test_the_coins_asked_for_are_the_least_that_meet_the_amount(
    amount: Decimal, own: Acceptable
) -> None:
    coins = coins_for(own, amount)
    assert coins is not None
    assert counted(own, coins) >= amount
    assert counted(own, coins - Decimal(1).scaleb(-own.decimals)) < amount


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["see", "pay", "dispute", "settle", "wait"]),
            st.integers(0, 10 * HOUR),
            st.decimals(Decimal(1), Decimal(1_500), places=2),
        ),
        max_size=12,
    )
)
def test_a_call_never_moves_on_from_an_end_and_expires_only_with_something_due(
    acts: list[tuple[str, int, Decimal]],
) -> None:
    call, now = called(), NOON
    for act, gap, amount in acts:
        now += gap
        before = call
        try:
            match act:
                case "see":
                    call = acknowledged(call, now)
                case "pay":
                    call = delivered(call, "USDC", amount, now)
                case "dispute":
                    call = disputed(call, amount, "a reason", now)
                case "settle":
                    call = resolved(call, min(amount, call.disputed), now)
                case _:
                    call = passed(call, now)
        except InputRefused:
            assert call == before
        if before.state not in OPEN:
            assert call == before
        if call.state is CallState.EXPIRED and before.state in OPEN:
            assert call.due > 0
            assert now > call.deadline_ns
        if call.state is CallState.MET:
            assert call.received >= call.amount
        assert len(call.steps) >= len(before.steps)
