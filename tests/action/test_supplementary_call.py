from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.action.call import CallState, MarginCall, disputed, issued, passed, resolved
from crossmargin.action.call_delivery import shared_out
from crossmargin.action.call_terms import counted
from tests.action.test_call import HOUR, NOON, TERMS, USDC, called, figures

PLAIN = replace(TERMS, minimum_transfer=Decimal(500), rounding=Decimal(1), cut_off_ns=None)


def more(first: MarginCall, equity: str, hours: int = 1) -> MarginCall | None:
    return issued(
        "call-2", "alice", PLAIN, figures(equity), NOON + hours * HOUR, open_calls=[first]
    )


def test_what_is_short_beyond_an_open_call_is_called_with_terms_of_its_own() -> None:
    first = called("9000", PLAIN)
    second = more(first, "7500")
    assert second is not None
    assert (first.amount, second.amount) == (1_000, 1_500)
    assert (second.shortfall, second.called_already) == (2_500, 1_000)
    assert (second.supplements, second.deadline_ns) == ("call-1", NOON + 5 * HOUR)
    assert second.steps[0].note == "2500 is short, 1000 is called already"
    third = issued(
        "call-3", "alice", PLAIN, figures("6000"), NOON + 2 * HOUR, open_calls=[first, second]
    )
    assert third is not None
    assert (third.amount, third.supplements) == (1_500, "call-1")


def test_less_than_the_minimum_transfer_more_is_not_called() -> None:
    first = called("9000", PLAIN)
    assert more(first, "8501") is None
    assert more(first, "9500") is None
    second = more(first, "8500")
    assert second is not None
    assert second.amount == 500


def test_what_is_disputed_is_not_called_a_second_time() -> None:
    first = disputed(called("9000", PLAIN), Decimal(600), "the mark", NOON + 1)
    assert (first.due, first.outstanding) == (400, 1_000)
    second = more(first, "8000")
    assert second is not None
    assert second.amount == 1_000
    assert resolved(first, Decimal(0), NOON + HOUR).outstanding == 400


def test_a_delivery_meets_what_is_due_first_and_then_what_is_disputed() -> None:
    first = disputed(called("9000", PLAIN), Decimal(600), "the mark", NOON + 1)
    second = more(first, "8000")
    assert second is not None
    coins = Decimal(1_400) / (USDC.price * (1 - USDC.haircut_frac))
    coins = coins.quantize(Decimal("0.000001")) + Decimal("0.000002")
    first, second = shared_out([first, second], "USDC", coins, NOON + HOUR)
    assert (first.due, second.due) == (0, 0)
    assert second.state is CallState.MET
    assert (first.state, 599 < first.outstanding <= 600) == (CallState.DISPUTED, True)


def test_a_supplement_expires_by_its_own_deadline() -> None:
    first = called("9000", PLAIN)
    second = more(first, "7500", 3)
    assert second is not None
    at_ns = NOON + 4 * HOUR + 1
    assert passed(first, at_ns).state is CallState.EXPIRED
    assert passed(second, at_ns).state is CallState.ISSUED
    assert passed(second, NOON + 7 * HOUR + 1).state is CallState.EXPIRED


def test_an_asset_that_no_call_takes_meets_none() -> None:
    first = called("9000", PLAIN)
    assert shared_out([first], "SOL", Decimal(5), NOON) == (first,)


@settings(max_examples=60)
@given(
    falls=st.lists(st.integers(0, 3_000), min_size=1, max_size=5),
    coins=st.integers(1, 20_000),
)
def test_calls_together_ask_for_what_is_short_and_no_coin_is_counted_twice(
    falls: list[int], coins: int
) -> None:
    calls: list[MarginCall] = []
    equity = 9_000
    for number, fall in enumerate([0, *falls]):
        equity -= fall
        found = issued(
            f"call-{number}", "a", PLAIN, figures(str(equity)), NOON + number, open_calls=calls
        )
        calls += [] if found is None else [found]
    asked = sum(call.outstanding for call in calls)
    short = 10_000 - equity
    assert 0 <= short - asked < PLAIN.minimum_transfer
    after = shared_out(calls, "USDC", Decimal(coins), NOON + HOUR)
    taken = sum(own.coins for call in after for own in call.deliveries)
    assert taken == coins
    worth = sum(own.counted for call in after for own in call.deliveries)
    assert worth == counted(USDC, Decimal(coins))
