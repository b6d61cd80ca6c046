"""What happened elsewhere, replayed with its control on and off: what the venue loses.

A venue closes a position as soon as its holder stands at LIQUIDATING, at the price of that moment;
what is missing in the account then is its loss. Where a control is a word of the setup it is
switched off there; where there is no such word, it is cut out of the engine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any, get_args

import pytest

from crossmargin.action.ladder import severity
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.account import Account, Authority
from crossmargin.domain.holding import Side
from crossmargin.engine import standings
from crossmargin.engine.effect import Alarm, AlarmKind, CallChanged, Decision, Effect
from crossmargin.engine.event import Body, ControlBody, MarketBody, MoneyBody, TradeBody
from crossmargin.engine.event_control import (
    AccountOpened,
    Halted,
    HaltScope,
    ParameterChanged,
    PriceOverridden,
)
from crossmargin.engine.event_market import BackingStated, Price
from crossmargin.engine.event_money import Deposit
from crossmargin.engine.price_rules import PriceRules
from crossmargin.engine.setup import Settings, Setup
from crossmargin.engine.state import EngineState
from crossmargin.ledger.ledger import balance
from crossmargin.market.oracle import BackingRule, SourceTerms
from crossmargin.rulebook.standing import Standing
from tests.engine.day import (
    PERPETUAL,
    TINY,
    USDC_UNITS,
    fill,
    opening,
    played,
    price,
    small_setup,
)
from tests.engine.test_decisions import withdrawal
from tests.engine.voices import policy

D = Decimal
SIDES = {True: Side.SELL, False: Side.BUY}


class Venue:
    """A story that is played as it is told, and a venue that closes who is to be liquidated."""

    def __init__(self, setup: Setup, name: str = "anna") -> None:
        self.setup, self.name = setup, name
        self.story = opening()
        self.told: list[Effect] = []
        self.state, _ = played(self.story.events, setup)
        self.heard = len(self.story.events)
        self.index = "60000"

    def step(self, *bodies: Body | tuple[str, Body], seconds: float = 3.0) -> None:
        """Bodies from the feed, or from the source that is named, then a tick."""
        for own in bodies:
            source, body = own if isinstance(own, tuple) else ("feed", own)
            self.story.tell(body, source=source)
        self.story.tick(seconds)
        self._hear()
        position = self.state.accounts[self.name].positions.get(PERPETUAL)
        if position is not None and self.stands_low:
            side = SIDES[position.contracts > 0]
            contracts = format(abs(position.contracts), "f")
            self.story.tell(fill(self.name, side, contracts, self.index))
            self.story.tick()
            self._hear()

    def fall_to(self, index: str) -> None:
        """Bitcoin and its perpetual are at another price."""
        self.index = index
        self.step(price(index))

    @property
    def stands_low(self) -> bool:
        held = self.state.accounts[self.name].held
        if held is None or held.standing is Standing.UNAVAILABLE:
            return False
        return severity(held.standing) >= severity(Standing.LIQUIDATING)

    @property
    def loss(self) -> Decimal:
        """Dollars that are missing in the account once its position is closed; else what it has."""
        own = self.state.accounts[self.name]
        units = balance(self.state.ledger, self.name, "USDC")
        units -= own.withdrawing_units.get("USDC", 0)
        assert PERPETUAL not in self.state.accounts[self.name].positions
        return max(D(0), -D(units) / USDC_UNITS)

    def refusals(self) -> list[str | None]:
        return [x.limit for x in self.told if isinstance(x, Decision) and x.limit is not None]

    def _hear(self) -> None:
        self.state, told = played(self.story.events[self.heard :], self.setup, self.state)
        self.told += told
        self.heard = len(self.story.events)


def priced(*own: Any, trusted: Sequence[str] = ("feed",)) -> Setup:
    """The small venue with policies of some assets."""
    rules = PriceRules(policies={x.asset: x for x in own}, trusted=tuple(trusted))
    setup = small_setup(0)
    luna = replace(setup.assets["SOL"], code="LUNA", decimals=6)
    return replace(setup, prices=rules, assets={**setup.assets, "LUNA": luna})


def close_out(venue: Venue) -> None:
    """The position is closed where the price stands, if it is open still."""
    position = venue.state.accounts[venue.name].positions.get(PERPETUAL)
    if position is not None:
        side = SIDES[position.contracts > 0]
        contracts = format(abs(position.contracts), "f")
        venue.step(fill(venue.name, side, contracts, venue.index))


@pytest.mark.parametrize("on", [True, False])
def test_mango_paper_profit_is_no_money(on: bool) -> None:
    """October 2022: the price of one's own position pushed up, and the profit on paper taken out.

    Off: the rulebook of a venue, where open profit is collateral like any other.
    """
    setup = small_setup(0)
    if not on:
        venue_rules = {**TINY, "name": "venue-rules"}
        recipes = {"tiny": TINY, "venue-rules": venue_rules}
        setup = replace(setup, recipes=recipes)
    venue = Venue(setup, "winner")
    account = Account(
        account_id="winner",
        entity_id="x",
        venue="venue",
        recipe=None if on else "venue-rules",
        authority=Authority.ENFORCE,
    )
    venue.step(AccountOpened(account=account))
    venue.step(Deposit(account_id="winner", asset="USDC", amount_units=5_000 * USDC_UNITS))
    venue.step(fill("winner", Side.BUY, "0.5", "60000"))
    for index in ("69000", "78000", "87000", "96000", "105000"):
        venue.fall_to(index)
    venue.step(withdrawal("winner", 5_000))
    venue.fall_to("57000")
    close_out(venue)
    assert venue.loss == (0 if on else 1_500)
    assert venue.refusals() == (["paper_profit"] if on else [])


def phantom_collateral(venue: Venue, *print_of: tuple[str, Body]) -> None:
    """Anna is long 1.5 bitcoin on 10,000 dollars, and takes those out on what a coin is said to be
    worth; then bitcoin falls.
    """
    venue.step(fill("anna", Side.BUY, "1.5", "60000"))
    venue.step(*print_of)
    venue.step(withdrawal("anna", 9_900))
    venue.fall_to("57000")
    venue.fall_to("55500")
    close_out(venue)


def said(asset: str, prices: Mapping[str, str]) -> list[tuple[str, Body]]:
    return [
        (source, Price(asset=asset, index=D(index), marks={})) for source, index in prices.items()
    ]


@pytest.mark.parametrize("on", [True, False])
def test_synthetix_two_sources_are_no_quorum(on: bool) -> None:
    """June 2019: one source had failed unseen, one said a thousandfold, and the mean was published.

    Off: the mean comes from elsewhere, and is trusted.
    """
    three = ("aqua", "blue", "cyan")
    own = policy("SOL", names=three, band_low=0.01, band_high=10**6)
    venue = Venue(priced(own) if on else priced())
    venue.step(Deposit(account_id="anna", asset="SOL", amount_units=10**9))
    if on:
        venue.step(*said("SOL", dict.fromkeys(three, "150")))
        venue.step(seconds=40)
        print_of = said("SOL", {"aqua": "150", "blue": "150000"})
    else:
        venue.step(*said("SOL", {"feed": "150"}))
        print_of = said("SOL", {"feed": "75075"})
    phantom_collateral(venue, *print_of)
    assert venue.loss == (0 if on else 6_650)
    assert venue.refusals() == (["initial_buffer"] if on else [])


@pytest.mark.parametrize("on", [True, False])
def test_terra_a_feed_at_its_floor_gives_no_credit(on: bool) -> None:
    """May 2022: feeds could say no less than 0.107 while the market was at 0.01.

    Off: nobody has said that the feeds have a floor.
    """
    names = ("aqua", "blue", "cyan")
    floor = 0.107 if on else None
    own = policy("LUNA", names=names, band_low=1e-6, jump_frac=100.0)
    sources = tuple(SourceTerms(name=name, clamp_low=floor) for name in names)
    venue = Venue(priced(replace(own, sources=sources)))
    venue.step(*said("LUNA", dict.fromkeys(names, "0.2")))
    floored = said("LUNA", dict.fromkeys(names, "0.107"))
    venue.step(*floored)
    units = 10 ** venue.setup.assets["LUNA"].decimals
    venue.step(Deposit(account_id="anna", asset="LUNA", amount_units=200_000 * units))
    phantom_collateral(venue, *floored)
    assert venue.loss == (0 if on else 6_650)
    assert venue.refusals() == (["price_in_doubt"] if on else [])


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize(
    ("asset", "base", "true", "ratio", "print_of", "coins"),
    [("wBETH", "ETH", "3996", 1.08, "430", 3), ("USDe", "USDT", "1", 1.0, "0.65", 9_000)],
)
def test_a_print_of_the_venues_own_book_liquidates_nobody(
    on: bool, asset: str, base: str, true: str, ratio: float, print_of: str, coins: int
) -> None:
    """October 2025: a wrapped coin and a stablecoin priced by the venue's own book alone.

    What is lost is not the venue's: the account is sold out at a price that nobody else saw, and
    bitcoin is back where it was an hour later. Off: the venue's own book is trusted.
    """
    names = ("aqua", "blue", "cyan", "venue")
    rule = BackingRule(
        base=base, ratio=ratio, gap_frac=0.05, backed_frac_min=0.99, proof_stale_ns=10**18
    )
    wide = {"band_low": 0.01, "jump_frac": 100.0}
    base_price = "3700" if base == "ETH" else "1"
    own = policy(asset, names=names, backing=rule, fallback=None, **wide)
    setup = (
        priced(own, policy(base, names=names[:3], **wide))
        if on
        else priced(trusted=("feed", "venue"))
    )
    venue = Venue(setup)
    everybody = dict.fromkeys(names, true) if on else {"venue": true}
    if on:
        venue.step(*said(base, dict.fromkeys(names[:3], base_price)))
        proof = BackingStated(asset=asset, backed_frac=D(1), proven_ns=1, redeemable=True)
        venue.step(proof)
    venue.step(*said(asset, everybody))
    units = 10 ** venue.setup.assets[asset].decimals
    venue.step(Deposit(account_id="anna", asset=asset, amount_units=coins * units))
    venue.step(withdrawal("anna", 9_999))
    venue.step(fill("anna", Side.BUY, "1", "60000"))
    # Bitcoin falls as well, and the venue's own book breaks: others copy it for one moment.
    venue.fall_to("56000")
    broken = dict.fromkeys(names, print_of) if on else {"venue": print_of}
    bases = said(base, dict.fromkeys(names[:3], base_price)) if on else []
    venue.step(*bases, *said(asset, broken))
    assert venue.stands_low is not on
    assert (PERPETUAL in venue.state.accounts["anna"].positions) is on
    venue.step(*bases, *said(asset, everybody))
    venue.fall_to("60000")
    figures = venue.state.accounts["anna"].figures
    assert figures is not None
    assert figures.net_liquidation_value is not None
    worth = D(true) * coins + 1
    assert worth - figures.net_liquidation_value == pytest.approx(0 if on else 4_000)


@pytest.mark.parametrize("enforced", [True, False])
def test_ftx_nobody_is_exempt_from_the_ladder(enforced: bool) -> None:
    """November 2022: one account could owe without end and was never liquidated.

    There is nothing to switch off. The most that an operator can say of an account is that it is
    only advised: then its withdrawals go through, and it is called and liquidated all the same.
    """
    venue = Venue(small_setup(0), "ward")
    authority = Authority.ENFORCE if enforced else Authority.ADVISE
    account = Account(account_id="ward", entity_id="house", venue="venue", authority=authority)
    venue.step(AccountOpened(account=account))
    venue.step(Deposit(account_id="ward", asset="USDC", amount_units=10_000 * USDC_UNITS))
    venue.step(fill("ward", Side.BUY, "1.5", "60000"))
    venue.index = "58000"
    venue.step(withdrawal("ward", 9_900), price("58000"))
    venue.fall_to("54500")
    venue.fall_to("50000")
    assert any(isinstance(x, CallChanged) for x in venue.told)
    assert PERPETUAL not in venue.state.accounts["ward"].positions
    assert venue.loss == (0 if enforced else 2_900)
    assert venue.refusals() == ["initial_buffer"]


def test_no_word_of_any_event_or_setting_exempts_an_account() -> None:
    """Every account is on the ladder, and no field names one that is not."""
    bodies = [
        body
        for group in (MoneyBody, TradeBody, MarketBody, ControlBody)
        for body in get_args(group)
    ]
    words = {
        field.name
        for kind in (*bodies, Account, Setup, Settings)
        if is_dataclass(kind)
        for field in fields(kind)
    }
    for word in ("exempt", "allow", "negative", "unlimited", "skip", "ignore", "privileged"):
        assert not [name for name in words if word in name]
    story = opening()
    for authority in Authority:
        own = Account(account_id=authority, entity_id="x", venue="venue", authority=authority)
        story.tell(AccountOpened(account=own))
        story.tell(Deposit(account_id=authority, asset="USDC", amount_units=1))
    story.tick()
    story.tell(price("59000"))
    story.tick()
    state, _ = played(story.events)
    assert all(own.held is not None for _, own in state.accounts.items())


def _squeeze(venue: Venue) -> None:
    """A short, and a price that runs away from it: hours pass between the steps."""
    venue.step(fill("anna", Side.SELL, "1", "60000"))
    for index in ("63000", "66000", "69000", "75000", "90000"):
        venue.index = index
        venue.step(price(index))


@pytest.mark.parametrize("on", [True, False])
def test_lme_calls_are_not_switched_off_in_silence(on: bool) -> None:
    """March 2022: prices were put aside, calls paused, and the shorts owed more than they had.

    Off: the price is set by hand while it runs. Nothing else stops a call: no halt, no breaker. And
    that one is said aloud, with two names, a reason and an end.
    """
    venue = Venue(small_setup(0))
    halt = Halted(scope=HaltScope.ALL, name="", reason="the market is disorderly")
    venue.step(halt)
    if not on:
        marks = PriceOverridden(
            asset="BTC",
            index=D(60_000),
            author="olga",
            approver="paul",
            reason="we do not believe this price",
            expires_ns=venue.story.now_ns + 3_600 * NS_PER_SECOND,
        )
        venue.step(marks)
        venue.step(fill("anna", Side.SELL, "1", "60000"))
        for index in ("63000", "66000", "69000", "75000", "90000"):
            venue.step(Price(asset="BTC", index=D(index), marks={}))
        venue.index = "90000"
        venue.step(seconds=3_600)
        venue.step(Price(asset="USDC", index=D(1), marks={}), price("90000"))
    else:
        _squeeze(venue)
    called = [x for x in venue.told if isinstance(x, CallChanged)]
    kinds = {x.kind for x in venue.told if isinstance(x, Alarm)}
    assert venue.loss == (0 if on else 20_000)
    assert (AlarmKind.OVERRIDE_APPLIED in kinds) is not on
    if on:
        assert "below initial" in {x.note for x in called}


@pytest.mark.parametrize("on", [True, False])
def test_a_dead_coin_shields_nobody(on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit of a coin without a price makes its holder's figures unavailable: and then?

    Off: the look at the best end is cut out of the engine.
    """
    if not on:
        nothing: Callable[..., None] = lambda *_: None  # noqa: E731
        monkeypatch.setattr(standings, "best_measure", nothing)
    venue = Venue(small_setup(0))
    venue.step(fill("anna", Side.BUY, "1", "60000"))
    venue.step(Deposit(account_id="anna", asset="SOL", amount_units=1))
    for index in ("57000", "54000", "52500", "45000"):
        venue.fall_to(index)
    venue.step(Price(asset="SOL", index=D(100), marks={}))
    close_out(venue)
    assert venue.loss == (0 if on else 5_000)


def test_a_parameter_is_no_way_around_a_call_either() -> None:
    """Margin lowered to end a call is announced, previewed and in force at its hour for all."""
    story = opening()
    story.tell(fill("anna", Side.BUY, "1.6", "60000"))
    story.tell(price("58000"))
    story.tick()
    lower = ParameterChanged(
        recipe="tiny",
        parameter="price_range",
        value=D("0.01"),
        effective_ns=story.now_ns + 60 * NS_PER_SECOND,
    )
    story.tell(lower)
    story.tick()
    state, told = played(story.events)
    assert [x.kind for x in told if isinstance(x, Alarm)] == [AlarmKind.PARAMETER_ANNOUNCED]
    assert _open(state) == 1
    story.tick(60)
    state, told = played(story.events)
    assert AlarmKind.PARAMETER_APPLIED in {x.kind for x in told if isinstance(x, Alarm)}
    assert _open(state) == 0


def _open(state: EngineState) -> int:
    return sum(call.state.value != "met" for call in state.calls.values())
