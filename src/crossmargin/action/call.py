"""A margin call from its issue to its end. Every step is a new call; nothing else changes.

A call never changes a standing, and neither does a dispute: the ladder looks at figures alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import final

from crossmargin.action.call_terms import (
    CallTerms,
    coins_for,
    counted,
    deadline_ns,
    rounded_up,
)
from crossmargin.action.ladder import Measure
from crossmargin.base.exact import PRECISE, decimal_text
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.rulebook.statement_types import LevelFigures


@final
class CallState(StrEnum):
    """Where a call is. MET and EXPIRED are ends."""

    ISSUED = "issued"
    ACKNOWLEDGED = "acknowledged"
    PARTLY_MET = "partly_met"
    DISPUTED = "disputed"
    MET = "met"
    EXPIRED = "expired"


OPEN = frozenset(CallState) - {CallState.MET, CallState.EXPIRED}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened to a call: the state after it, when, and in a few words why."""

    state: CallState
    at_ns: int
    note: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Collateral received for a call, and what it counts for in the call's currency."""

    asset: str
    coins: Decimal
    counted: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WayToMeet:
    """One asset that alone would meet a call: the least coins of it, with its price and haircut."""

    asset: str
    coins: Decimal
    price: Decimal
    haircut_frac: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCall:
    """A call on one account; amounts in `terms.currency`, all >= 0.

    `shortfall` is the call level's negative buffer, `to_cure` that of the cure level, `in_transit`
    what is on its way already, `amount` what is called. Of it, `disputed` is not due before the
    dispute is settled; the rest is, at the deadline. `terms` stay until `locked_until_ns`.

    A supplementary call names the call that it `supplements`: `called_already` is what calls that
    were open at its issue asked for and had not received, and its amount is what is short beyond.
    """

    call_id: str
    account_id: str
    terms: CallTerms
    issued_ns: int
    deadline_ns: int
    locked_until_ns: int
    shortfall: Decimal
    to_cure: Decimal
    in_transit: Decimal
    amount: Decimal
    ways: tuple[WayToMeet, ...]
    state: CallState
    steps: tuple[Step, ...]
    deliveries: tuple[Delivery, ...] = ()
    disputed: Decimal = Decimal(0)
    dispute_until_ns: int | None = None
    supplements: str | None = None
    called_already: Decimal = Decimal(0)

    @property
    def received(self) -> Decimal:
        """What has been delivered, as it counts."""
        return _sum(own.counted for own in self.deliveries)

    @property
    def undisputed(self) -> Decimal:
        """The part of the amount that is due at the deadline, delivered or not."""
        return PRECISE.subtract(self.amount, self.disputed)

    @property
    def due(self) -> Decimal:
        """What is still to be delivered by the deadline: the undisputed part first."""
        return max(Decimal(0), PRECISE.subtract(self.undisputed, self.received))

    @property
    def outstanding(self) -> Decimal:
        """What is called and not delivered, disputed or not; 0 once the call is at its end."""
        if self.state not in OPEN:
            return Decimal(0)
        return max(Decimal(0), PRECISE.subtract(self.amount, self.received))


def issued(
    call_id: str,
    account_id: str,
    terms: CallTerms,
    measured: Measure,
    as_of_ns: int,
    *,
    in_transit: Decimal = Decimal(0),
    open_calls: Sequence[MarginCall] = (),
) -> MarginCall | None:
    """The call that the figures of an account give at `as_of_ns`, or None.

    `in_transit` is what collateral on its way will count for. `open_calls` are those that the
    account has to meet already, from the first to the last: what they ask for is not called again,
    disputed or not, and a call for more supplements the first of them, with its own terms and
    deadline; none of them changes. There is no call while the call
    level's buffer is not negative, or when what is to be called is nothing or below the minimum
    transfer. `InputRefused` where a figure is unavailable, for an unknown level, and for a negative
    `in_transit`.
    """
    shortfall = _shortfall(measured, terms.call_level)
    if not (in_transit.is_finite() and in_transit >= 0):
        raise InputRefused([_failure("in_transit", f"{in_transit} is not at least 0")])
    to_cure = max(shortfall, _shortfall(measured, terms.cure_level))
    already = _sum(call.outstanding for call in open_calls)
    covered = Fraction(terms.threshold) + Fraction(in_transit) + Fraction(already)
    wanted = Fraction(to_cure) - covered
    if shortfall == 0 or wanted <= 0 or wanted < Fraction(terms.minimum_transfer):
        return None
    amount = rounded_up(wanted, terms.rounding)
    first = open_calls[0] if open_calls else None
    note = f"below {terms.call_level}"
    if first is not None:
        note = f"{decimal_text(to_cure)} is short, {decimal_text(already)} is called already"
    until_ns = deadline_ns(terms, as_of_ns)
    return MarginCall(
        call_id=call_id,
        account_id=account_id,
        terms=terms,
        issued_ns=as_of_ns,
        deadline_ns=until_ns,
        locked_until_ns=max(until_ns, as_of_ns + terms.lock_up_ns),
        shortfall=shortfall,
        to_cure=to_cure,
        in_transit=in_transit,
        amount=amount,
        ways=_ways(terms, amount),
        state=CallState.ISSUED,
        steps=(Step(state=CallState.ISSUED, at_ns=as_of_ns, note=note),),
        supplements=None if first is None else first.supplements or first.call_id,
        called_already=already,
    )


def acknowledged(call: MarginCall, as_of_ns: int) -> MarginCall:
    """The account has seen the call. Only the first time counts."""
    _open_at(call, as_of_ns)
    if call.state is not CallState.ISSUED:
        raise InputRefused([_failure("state", f"the call is {call.state.value} already")])
    return _stepped(call, CallState.ACKNOWLEDGED, as_of_ns, "seen by the account")


def delivered(call: MarginCall, asset: str, coins: Decimal, as_of_ns: int) -> MarginCall:
    """Collateral arrived, counted at the terms of the call.

    `InputRefused` for an asset that the terms do not name, and for coins that are not above 0.
    """
    _open_at(call, as_of_ns)
    own = next((x for x in call.terms.acceptable if x.asset == asset), None)
    if own is None:
        raise InputRefused([_failure("asset", f"{asset} does not meet this call")])
    if not (coins.is_finite() and coins > 0):
        raise InputRefused([_failure("coins", f"{coins} is not above 0")])
    worth = Decimal(decimal_text(counted(own, coins)))
    call = replace(
        call, deliveries=(*call.deliveries, Delivery(asset=asset, coins=coins, counted=worth))
    )
    note = f"{coins} {asset} counted at {worth}"
    if call.received >= call.amount:
        return _stepped(call, CallState.MET, as_of_ns, note)
    state = CallState.DISPUTED if call.disputed else CallState.PARTLY_MET
    return _stepped(call, state, as_of_ns, note)


def disputed(call: MarginCall, amount: Decimal, reason: str, as_of_ns: int) -> MarginCall:
    """The account disputes a part of the amount; the rest stays due at the deadline.

    `InputRefused` without a reason, for a part that is not above 0 and at most the amount, after
    the deadline, and for a second dispute.
    """
    _open_at(call, as_of_ns)
    if not (amount.is_finite() and 0 < amount <= call.amount):
        raise InputRefused([_failure("amount", f"{amount} is not above 0 and <= {call.amount}")])
    if not reason:
        raise InputRefused([_failure("reason", "a dispute says why")])
    if call.dispute_until_ns is not None:
        raise InputRefused([_failure("state", "a call is disputed once")])
    if as_of_ns > call.deadline_ns:
        raise InputRefused([_failure("state", "the deadline has passed")])
    call = replace(call, disputed=amount, dispute_until_ns=as_of_ns + call.terms.dispute_ns)
    return _stepped(call, CallState.DISPUTED, as_of_ns, f"{amount} disputed: {reason}")


def resolved(call: MarginCall, upheld: Decimal, as_of_ns: int) -> MarginCall:
    """The dispute is settled: `upheld` of the disputed part is owed, the rest is not called.

    What is upheld is due at the deadline, or at once where that has passed: `passed` ends the call
    then.
    """
    _open_at(call, as_of_ns)
    if not call.disputed:
        raise InputRefused([_failure("state", "nothing of the call is disputed")])
    if not (upheld.is_finite() and 0 <= upheld <= call.disputed):
        raise InputRefused([_failure("upheld", f"{upheld} is not between 0 and {call.disputed}")])
    amount = PRECISE.add(call.undisputed, upheld)
    call = replace(call, amount=amount, disputed=Decimal(0), ways=_ways(call.terms, amount))
    note = f"{upheld} of the disputed part is owed"
    if call.received >= amount:
        return _stepped(call, CallState.MET, as_of_ns, note)
    state = CallState.PARTLY_MET if call.deliveries else CallState.ACKNOWLEDGED
    return _stepped(call, state, as_of_ns, note)


def cured(call: MarginCall, measured: Measure, as_of_ns: int) -> MarginCall:
    """The call, met when the figures have reached the cure level without it.

    Figures that are unavailable cure nothing.
    """
    _open_at(call, as_of_ns)
    level = _level(measured, call.terms.cure_level)
    if level.equity is None or level.requirement is None or level.equity < level.requirement:
        return call
    return _stepped(call, CallState.MET, as_of_ns, f"at {level.name} again")


def passed(call: MarginCall, as_of_ns: int) -> MarginCall:
    """The call after time has passed: expired once something due was not delivered in time.

    At the end of the time of a dispute that nobody settled, the whole amount is due.
    """
    if call.state not in OPEN:
        return call
    if call.disputed and call.dispute_until_ns is not None and as_of_ns > call.dispute_until_ns:
        call = resolved(call, call.disputed, as_of_ns)
    if as_of_ns > call.deadline_ns and call.state in OPEN and call.due > 0:
        return _stepped(call, CallState.EXPIRED, as_of_ns, f"{call.due} was not delivered in time")
    return call


def _ways(terms: CallTerms, amount: Decimal) -> tuple[WayToMeet, ...]:
    found = []
    for own in terms.acceptable:
        coins = coins_for(own, amount)
        if coins is not None:
            found.append(
                WayToMeet(
                    asset=own.asset, coins=coins, price=own.price, haircut_frac=own.haircut_frac
                )
            )
    return tuple(found)


def _shortfall(measured: Measure, name: str) -> Decimal:
    level = _level(measured, name)
    if level.equity is None or level.requirement is None:
        reason = Failure(Reason.MISSING_DATA, f"call.{name}", "has no figure: nothing is called")
        raise InputRefused([reason])
    return max(Decimal(0), PRECISE.subtract(level.requirement, level.equity))


def _level(measured: Measure, name: str) -> LevelFigures:
    for level in measured.levels:
        if level.name == name:
            return level
    there = ", ".join(level.name for level in measured.levels)
    raise InputRefused([_failure("level", f"{name!r} is no level; there are {there}")])


def _open_at(call: MarginCall, as_of_ns: int) -> None:
    if call.state not in OPEN:
        raise InputRefused([_failure("state", f"the call is {call.state.value}")])
    if as_of_ns < call.steps[-1].at_ns:
        raise InputRefused([_failure("as_of_ns", f"comes before {call.steps[-1].at_ns}")])


def _stepped(call: MarginCall, state: CallState, as_of_ns: int, note: str) -> MarginCall:
    step = Step(state=state, at_ns=as_of_ns, note=note)
    return replace(call, state=state, steps=(*call.steps, step))


def _failure(field: str, message: str) -> Failure:
    return Failure(Reason.OUT_OF_BOUNDS, f"call.{field}", message)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = PRECISE.add(total, amount)
    return total
