"""Collateral that arrives while several calls are open: which of them it meets."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from crossmargin.action.call import MarginCall, delivered
from crossmargin.action.call_terms import Acceptable, coins_for
from crossmargin.base.exact import PRECISE


def shared_out(
    calls: Sequence[MarginCall], asset: str, coins: Decimal, as_of_ns: int
) -> tuple[MarginCall, ...]:
    """The open calls, in the order given, after `coins` of an asset arrived.

    What is due comes first, the earliest deadline before others; then what is disputed, in the same
    order. What is left after all of them goes to the last. A call that the asset does not meet gets
    none; each counts its coins at its own terms.
    """
    takers = [call for call in calls if _accepted(call, asset) is not None]
    takers.sort(key=lambda call: (call.deadline_ns, call.issued_ns, call.call_id))
    if not takers:
        return tuple(calls)
    rest = coins
    shares: dict[str, Decimal] = {call.call_id: Decimal(0) for call in takers}
    for amounts in (
        {call.call_id: call.due for call in takers},
        {call.call_id: PRECISE.subtract(call.outstanding, call.due) for call in takers},
    ):
        for call in takers:
            part = min(rest, _coins_for(call, asset, amounts))
            shares[call.call_id] = PRECISE.add(shares[call.call_id], part)
            rest = PRECISE.subtract(rest, part)
    last = takers[-1].call_id
    shares[last] = PRECISE.add(shares[last], rest)
    return tuple(
        delivered(call, asset, shares[call.call_id], as_of_ns)
        if shares.get(call.call_id, Decimal(0)) > 0
        else call
        for call in calls
    )


def _accepted(call: MarginCall, asset: str) -> Acceptable | None:
    return next((own for own in call.terms.acceptable if own.asset == asset), None)


def _coins_for(call: MarginCall, asset: str, amounts: Mapping[str, Decimal]) -> Decimal:
    """Coins that count for an amount of a call; none where the asset counts nothing."""
    own = _accepted(call, asset)
    amount = amounts[call.call_id]
    if own is None or amount <= 0:
        return Decimal(0)
    return coins_for(own, amount) or Decimal(0)
