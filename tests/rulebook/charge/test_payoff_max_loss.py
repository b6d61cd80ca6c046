import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.charge import payoff_max_loss
from crossmargin.rulebook.charge.payoff import PayoffLines, paid_in_coin
from crossmargin.rulebook.charge.payoff_max_loss import Beyond, Numeraire, PayoffMaxLoss
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.selection import Selection
from tests.rulebook.small_book import in_units, small_context

IN_QUOTE = PayoffMaxLoss(by="expiry", numeraire=Numeraire.QUOTE, beyond=Beyond.IGNORED)
IN_COIN = PayoffMaxLoss(by="expiry", numeraire=Numeraire.COIN, beyond=Beyond.UNAVAILABLE)
BOUNDED = PayoffMaxLoss(by="expiry", numeraire=Numeraire.QUOTE, beyond=Beyond.UNAVAILABLE)


def put(strike: float) -> str:
    return f"opyn:ETH/USDC:USDC-260130-{strike:g}-P"


def call(strike: float) -> str:
    return f"opyn:ETH/USDC:USDC-260130-{strike:g}-C"


FUTURE = "opyn:ETH/USDC:USDC-260130"
INVERSE = "opyn:ETH/USD:ETH-260130"
COIN_CALL = "opyn:ETH/USD:ETH-260130-250-C"


def options(*positions: tuple[str, float], **more: object) -> Context:
    held = dict(positions)
    listings = {name: {"mark": 1.0} for name in held}
    listings |= {FUTURE: {"mark": 200.0}, INVERSE: {"mark": 200.0, "size": 10}}
    return small_context(
        accounts={"one": {"positions": held}},
        prices={"ETH": 200.0, "USDC": 1.0},
        listings=listings,
        **more,
    )


def loss(context: Context, charge: PayoffMaxLoss) -> float:
    return float(in_units(context, charge.evaluate(context, "account").amount)[0])


@pytest.mark.parametrize(
    ("short", "long", "required"),
    [
        ((1, 250), None, 250.0),
        ((1, 250), (1, 200), 50.0),
        ((1, 200), (2, 100), 100.0),
        ((1, 200), (2, 250), 0.0),
        ((2, 200), (1, 250), 150.0),
        ((3, 200), (2, 250), 100.0),
        ((30_000, 200), (20_000, 250), 1_000_000.0),
    ],
)
def test_put_vaults_of_opyn_need_their_maximum_loss(
    short: tuple[float, float], long: tuple[float, float] | None, required: float
) -> None:
    positions = [(put(short[1]), -float(short[0]))]
    if long is not None:
        positions.append((put(long[1]), float(long[0])))
    assert loss(options(*positions), IN_QUOTE) == pytest.approx(required, abs=1e-9)


def test_call_vaults_of_opyn_need_their_maximum_loss_in_coin() -> None:
    naked = options((call(200), -1.0), reporting="ETH", tick_exponent=-40)
    assert loss(naked, IN_COIN) == pytest.approx(1.0, abs=1e-9)
    spread = options((call(200), -1.0), (call(250), 1.0), reporting="ETH", tick_exponent=-40)
    assert loss(spread, IN_COIN) == pytest.approx(0.2, abs=1e-9)


def test_at_a_price_of_0_a_call_struck_at_0_is_a_coin_and_any_other_is_nothing() -> None:
    nothing = np.zeros(2)
    calls = PayoffLines(
        constant=nothing,
        coins=nothing,
        kinked_coins=np.array([1.0, -1.0]),
        strike=np.array([0.0, 200.0]),
        is_call=np.ones(2, dtype=np.bool_),
    )
    for price, paid in ((0.0, [1.0, 0.0]), (100.0, [1.0, 0.0]), (400.0, [1.0, -0.5])):
        assert paid_in_coin(calls, np.full(2, price)).tolist() == paid


def test_a_short_call_has_no_maximum_loss_in_quote_currency() -> None:
    naked = options((call(200), -1.0))
    assert np.isnan(loss(naked, BOUNDED))
    assert loss(naked, IN_QUOTE) == 0.0
    covered = options((call(200), -0.3), (call(250), 0.1), (call(300), 0.2))
    assert loss(covered, BOUNDED) == pytest.approx(0.3 * 100 - 0.1 * 50)


def test_a_short_put_has_no_maximum_loss_in_coin() -> None:
    assert np.isnan(loss(options((put(200), -1.0)), IN_COIN))
    assert loss(options((put(200), -1.0), (put(250), 1.0)), IN_COIN) == 0.0


def test_a_long_future_covers_a_short_call_from_the_mark_on() -> None:
    # From 200 the future gains what the call at 250 loses; at 0 it has lost 200.
    assert loss(options((call(250), -1.0), (FUTURE, 1.0)), BOUNDED) == pytest.approx(200.0)
    collar = options((call(250), -1.0), (FUTURE, 1.0), (put(150), 1.0))
    assert loss(collar, BOUNDED) == pytest.approx(50.0)


def test_an_inverse_future_pays_a_line_in_quote_currency() -> None:
    # 20 contracts of 10 USD at 200 are one coin.
    assert loss(options((INVERSE, 20.0)), IN_QUOTE) == pytest.approx(200.0)
    hedged = options((INVERSE, 20.0), (FUTURE, -1.0))
    assert loss(hedged, BOUNDED) == 0.0


def test_a_coin_settled_option_pays_the_same_dollars_as_a_linear_one() -> None:
    assert loss(options((COIN_CALL, -1.0), (call(250), 1.0)), BOUNDED) == 0.0


def test_a_strike_of_somebody_else_changes_nothing() -> None:
    # At 1,000 the net short call would look worse than at the account's own last strike.
    alone = options((call(200), -2.0), (call(250), 1.0))
    beside = small_context(
        accounts={
            "one": {"positions": {call(200): -2.0, call(250): 1.0}},
            "two": {"positions": {call(1_000): -1.0}},
        },
        prices={"ETH": 200.0, "USDC": 1.0},
        listings={name: {"mark": 1.0} for name in (call(200), call(250), call(1_000))},
    )
    assert loss(alone, IN_QUOTE) == pytest.approx(100.0)
    assert loss(beside, IN_QUOTE) == pytest.approx(100.0)


def test_expiries_do_not_offset_each_other() -> None:
    later = "opyn:ETH/USDC:USDC-260227-250-P"
    context = options((put(250), -1.0), (later, 1.0))
    assert loss(context, IN_QUOTE) == pytest.approx(250.0)
    together = PayoffMaxLoss(by="underlying", numeraire=Numeraire.QUOTE, beyond=Beyond.IGNORED)
    assert loss(context, together) == 0.0


def test_a_selection_leaves_futures_out() -> None:
    charge = PayoffMaxLoss(
        by="underlying",
        numeraire=Numeraire.QUOTE,
        beyond=Beyond.IGNORED,
        selection=Selection(kinds=(Kind.OPTION,)),
    )
    assert loss(options((put(250), -1.0), (FUTURE, -1.0)), charge) == pytest.approx(250.0)


def test_a_future_without_a_mark_is_unavailable() -> None:
    context = small_context(
        accounts={"one": {"positions": {FUTURE: 1.0}}, "two": {"positions": {FUTURE: 0.0}}},
        prices={"ETH": 200.0, "USDC": 1.0},
        listings={FUTURE: {}},
    )
    amount = IN_QUOTE.evaluate(context, "account").amount
    assert np.isnan(amount[0])
    assert amount[1] == 0.0


def test_the_driver_is_the_settlement_price_and_hedges_have_negative_parts() -> None:
    context = options((put(200), -2.0), (put(150), 1.0))
    outcome = IN_QUOTE.evaluate(context, "account")
    assert outcome.driver is not None
    assert outcome.parts is not None
    assert outcome.driver_names[outcome.driver[0]] == "settles at 0"
    parts = in_units(context, outcome.parts.positions)
    assert sorted(parts.tolist()) == [-150.0, 400.0]


def test_multipliers_and_quote_currencies_are_on_one_axis() -> None:
    thousand, single = "okx:PEPE/USDT:USDT-260130", "bybit:PEPE/USDC:USDC-260130"
    charge = PayoffMaxLoss(by="expiry", numeraire=Numeraire.QUOTE, beyond=Beyond.UNAVAILABLE)
    for contracts, expected in ((1.0, 0.0), (2.0, 10.0)):
        context = small_context(
            accounts={"one": {"positions": {thousand: contracts, single: -1_000.0}}},
            prices={"PEPE": 0.01, "USDT": 0.5, "USDC": 1.0},
            listings={thousand: {"mark": 20.0, "multiplier": 1_000}, single: {"mark": 0.01}},
        )
        assert loss(context, charge) == pytest.approx(expected, abs=1e-4)


legs = st.lists(
    st.tuples(
        st.sampled_from([100, 150, 200, 250, 300]),
        st.sampled_from("CP"),
        st.integers(-5, 5),
    ),
    min_size=1,
    max_size=6,
)


def _positions(book: list[tuple[int, str, int]], future: int) -> dict[str, float]:
    held: dict[str, float] = {FUTURE: float(future)}
    for strike, right, contracts in book:
        name = put(strike) if right == "P" else call(strike)
        held[name] = held.get(name, 0.0) + contracts
    return held


def _paid(held: dict[str, float], price: float) -> float:
    total = held[FUTURE] * (price - 200.0)
    for name, contracts in held.items():
        if name != FUTURE:
            strike = float(name.split("-")[2])
            away = price - strike if name.endswith("C") else strike - price
            total += contracts * max(away, 0.0)
    return total


@given(book=legs, future=st.integers(-5, 5))
def test_no_settlement_price_up_to_the_last_strike_loses_more(
    book: list[tuple[int, str, int]], future: int
) -> None:
    held = _positions(book, future)
    found = loss(options(*held.items()), IN_QUOTE)
    own = [float(name.split("-")[2]) for name, n in held.items() if name != FUTURE and n]
    grid = np.linspace(0.0, max(own, default=0.0), 61)
    assert found == pytest.approx(max(0.0, *(-_paid(held, price) for price in grid)), abs=1e-6)


@given(book=legs, future=st.integers(-5, 5))
def test_no_settlement_price_at_all_loses_more_where_the_loss_has_a_bound(
    book: list[tuple[int, str, int]], future: int
) -> None:
    held = _positions(book, future)
    found = loss(options(*held.items()), BOUNDED)
    far = [-_paid(held, price) for price in (1e4, 1e6)]
    if np.isnan(found):
        assert far[1] > far[0]
    else:
        assert max(far) <= found + 1e-6


@given(books=st.lists(st.tuples(legs, st.integers(-5, 5)), min_size=2, max_size=5))
def test_accounts_in_a_batch_of_many_chunks_have_the_bits_they_have_alone(
    books: list[tuple[list[tuple[int, str, int]], int]],
) -> None:
    held = [_positions(book, future) for book, future in books]
    listings = {name: {"mark": 200.0} for one in held for name in one}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payoff_max_loss, "PAIRS_PER_CHUNK", 8)
        together = small_context(
            accounts={str(i): {"positions": one} for i, one in enumerate(held)},
            prices={"ETH": 200.0, "USDC": 1.0},
            listings=listings,
        )
        batch = IN_QUOTE.evaluate(together, "account")
    alone = [
        IN_QUOTE.evaluate(options(*one.items()), "account").amount[0].tobytes() for one in held
    ]
    assert [amount.tobytes() for amount in batch.amount] == alone
    assert batch.parts is not None
    owner = together.positions.account
    sums = np.bincount(owner, weights=batch.parts.positions, minlength=len(held))
    np.testing.assert_array_equal(sums, batch.amount)
