import json
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.domain.account import Account, Authority
from crossmargin.domain.holding import OrderKind, Side
from crossmargin.engine import event_control as control
from crossmargin.engine import event_market as market
from crossmargin.engine import event_money as money
from crossmargin.engine import event_trade as trade
from crossmargin.engine.event import Body, Event, event_hash
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.event import event_line, read_event, read_events
from crossmargin.wire.event_fields import KINDS
from tests.engine.day import INVERSE, OPTION, PERPETUAL, START_NS, listing

REGISTRY = bundled_registry()
D = Decimal


def _bodies() -> Iterator[Body]:
    who = {"account_id": "anna"}
    yield money.Deposit(**who, asset="USDC", amount_units=1_500_000)
    yield money.DepositAnnounced(**who, asset="BTC", amount_units=1)
    yield money.DepositSettled(announced_id="d", arrived=True)
    yield money.WithdrawalRequested(**who, asset="BTC", amount_units=1)
    yield money.WithdrawalSettled(request_id="r", sent=False)
    yield money.Transfer(**who, to_account_id="bela", asset="ETH", amount_units=10**30)
    yield money.Fee(**who, asset="USDC", amount=D("0.0000001"))
    yield money.Interest(**who, asset="USDC", amount=D("-0.1"))
    yield money.CollateralLocked(**who, in_favour_of="bela", asset="USDC", amount_units=7)
    yield money.CollateralReleased(lock_id="l")
    yield money.CollateralSeized(lock_id="l")
    yield trade.OrderPlaced(
        **who,
        order_id="o",
        listing_id=PERPETUAL,
        side=Side.SELL,
        contracts=D("1.5"),
        kind=OrderKind.MARKET,
        reduce_only=True,
    )
    yield trade.OrderCancelled(**who, order_id="o")
    yield trade.OrderReplaced(**who, order_id="o", contracts=D(2), limit_price=D("60000.5"))
    yield trade.MassQuote(
        **who,
        listing_id=INVERSE,
        bid_contracts=D(1),
        bid_price=D(59000),
        ask_contracts=D(0),
        ask_price=D(61000),
    )
    yield trade.Fill(**who, listing_id=OPTION, side=Side.BUY, contracts=D(1), price=D("0.02"))
    yield trade.Fill(
        **who,
        listing_id=PERPETUAL,
        side=Side.BUY,
        contracts=D(1),
        price=D(60000),
        order_id="o",
        fee=D("1.2"),
        fee_asset="USDC",
    )
    yield trade.TradeCancelled(original_id="f")
    yield trade.Funding(listing_id=PERPETUAL, amount_per_contract=D("-0.25"))
    yield trade.Settled(listing_id=OPTION, price=D(0))
    yield trade.Redenominated(listing_id=PERPETUAL, ratio=D(10))
    yield trade.VenueSnapshot(**who, contracts={PERPETUAL: D("-1")}, units={"USDC": 5})
    yield market.Price(asset="BTC", index=D("60000.1"), marks={PERPETUAL: D(60000)})
    yield market.Price(asset="BTC", index=None, marks={})
    yield market.BookTop(listing_id=PERPETUAL, impact_bid=D("59999.5"), impact_ask=D(60001))
    yield market.BackingStated(
        asset="stETH", backed_frac=D("0.995"), proven_ns=START_NS, redeemable=True
    )
    yield market.Volatility(listing_id=OPTION, vol=D("0.45"))
    yield market.ListingAdded(listing=listing(INVERSE, "100"))
    yield market.ListingRemoved(listing_id=INVERSE)
    yield market.TotalsStated(
        long_notional={"BTC": D(1)}, short_notional={}, open_interest={PERPETUAL: D(3)}
    )
    yield market.TotalsStated(
        long_notional={},
        short_notional={},
        open_interest={},
        venue_collateral={("venue", "ETH"): D(9)},
        owner_delta={("fund", "BTC"): D("-2.5")},
        crowd_long={"BTC": D(30)},
        crowd_short={"BTC": D(0)},
        owner_crowd_long={("fund", "BTC"): D(6)},
        owner_crowd_short={("fund", "ETH"): D(1)},
        cycle_depth={"BTC": D(50)},
    )
    yield control.AccountOpened(
        account=Account(
            account_id="x",
            entity_id="e",
            venue="v",
            parent_id="anna",
            recipe="tiny",
            authority=Authority.ENFORCE,
        )
    )
    yield control.ParameterChanged(
        recipe="tiny", parameter="price_range", value=D("0.2"), effective_ns=START_NS
    )
    yield control.PriceOverridden(
        asset="BTC",
        index=D(1),
        author="a",
        approver="b",
        reason="a feed is wrong",
        expires_ns=START_NS,
    )
    yield control.Halted(scope=control.HaltScope.ALL, name="", reason="stop")
    yield control.Resumed(scope=control.HaltScope.VENUE, name="venue")
    yield control.CallAcknowledged(call_id="c")
    yield control.CallDisputed(call_id="c", amount=D("1.5"), reason="the mark")
    yield control.DisputeResolved(call_id="c", upheld=D(0))
    yield control.ClockTick()


def _event(body: Body) -> Event:
    return Event(event_id="e", source="s", source_sequence=3, event_time_ns=START_NS, body=body)


@pytest.mark.parametrize("body", list(_bodies()), ids=lambda body: type(body).__name__)
def test_a_written_event_reads_as_the_same_event(body: Body) -> None:
    event = _event(body)
    read = read_event(event_line(event, REGISTRY), REGISTRY)
    assert read == event
    assert event_hash(read) == event_hash(event)


def test_every_kind_of_event_has_a_line_and_every_field_a_word() -> None:
    assert {type(body) for body in _bodies()} == {kind.body for kind in KINDS.values()}
    for kind in KINDS.values():
        assert {field.name for field in fields(kind.body)} == {x.attribute for x in kind.words}


LINE = {
    "id": "d",
    "source": "bank",
    "sequence": 1,
    "time": "2026-08-08T00:00:00Z",
    "kind": "deposit",
    "account": "anna",
    "asset": "USDC",
    "amount": "1.5",
}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "1.0000001"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"asset": "NOCOIN"}, "amount"),
        ({"time": 1786147200}, "time"),
        ({"kind": "gift"}, "kind"),
        ({"exempt": True}, "exempt"),
        ({"sequence": -1}, "sequence"),
        ({"account": None}, "account"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        read_event(json.dumps({**LINE, **change}).encode(), REGISTRY, "line 1")
    assert f"line 1.{field}" in {failure.where for failure in refusal.value.failures}


def test_all_faulty_lines_are_told_at_once() -> None:
    data = b'{"kind": "tick"}\n\n' + json.dumps(LINE).encode() + b"\nno json\n"
    with pytest.raises(InputRefused) as refusal:
        read_events(data, REGISTRY)
    wheres = {failure.where.split(".")[0] for failure in refusal.value.failures}
    assert wheres == {"line 1", "line 4"}
