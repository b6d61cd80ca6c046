"""Defects to plant in the live engine: each is one place of one file, written another way."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old`, which stands once in `file`, becomes `new`."""

    says: str
    file: str
    old: str
    new: str


def _in(file: str, *rows: tuple[str, str, str]) -> list[Mutant]:
    return [Mutant(says, f"engine/{file}.py", old, new) for says, old, new in rows]


MUTANTS = (
    _in(
        "booking",
        ("realised profit turned round", "-value - paid))", "value + paid))"),
        (
            "realised profit rounded up",
            "units = floor(_units(assets, settle, -value",
            "units = -floor(-_units(assets, settle, -value",
        ),
        (
            "the remainder of a closed part is lost",
            "moved = PRECISE.add(added, realised)",
            "moved = PRECISE.add(added, PRECISE.multiply(realised, Decimal('1.000001')))",
        ),
        (
            "an inverse contract booked as a linear one",
            "return PRECISE.minus(PRECISE.divide(sized, price))",
            "return PRECISE.multiply(sized, price)",
        ),
        ("a premium received when it is paid", "-Fraction(added)))", "Fraction(added)))"),
        (
            "a cancelled trade leaves its cost",
            "PRECISE.minus(contracts), PRECISE.minus(cost))",
            "PRECISE.minus(contracts), Decimal(0))",
        ),
    )
    + _in(
        "trades",
        ("a sale booked as a purchase", "body.side is Side.BUY else", "body.side else"),
        (
            "a trade may be cancelled twice",
            "if trade is None or trade.cancelled:",
            "if trade is None:",
        ),
        (
            "a correction names nothing",
            "names=entry.sequence,",
            "names=None,",
        ),
        ("longs receive funding", "units = -per_contract", "units = per_contract"),
        (
            "settled positions stay",
            "own = _with_position(own, body.listing_id, None)",
            "own = own",
        ),
        (
            "a mismatch with a venue is not kept",
            "mismatched = state.mismatched | {body.account_id}",
            "mismatched = state.mismatched",
        ),
    )
    + _in(
        "money",
        (
            "a withdrawal does not reserve",
            "leaving = own.withdrawing_units.get(body.asset, 0) + body.amount_units",
            "leaving = own.withdrawing_units.get(body.asset, 0)",
        ),
        (
            "a withdrawal given up is posted",
            "EntryState.POSTED if body.sent else EntryState.VOIDED",
            "EntryState.POSTED",
        ),
        (
            "a refused transfer is made",
            "if not decision.allowed and decision.enforced:",
            "if False:",
        ),
        (
            "what is locked counts as free",
            "if free_units < body.amount_units:",
            "if free_units < 0:",
        ),
        (
            "a fee is a gift",
            "drafts = charge_drafts(own, fees_path(body.asset), body.asset, units, Code.FEE)",
            "drafts = charge_drafts(fees_path(body.asset), own, body.asset, units, Code.FEE)",
        ),
    )
    + _in(
        "check",
        ("no halt is looked at", "if scope in state.halts:", "if False:"),
        ("missing events are no matter", "and progress.missing:", "and False:"),
        ("no price is ever stale", "if said_ns is None or", "if said_ns is None and"),
        (
            "profit on paper may leave",
            "paper_withdrawable=recipe.name != setup.default_recipe",
            "paper_withdrawable=True",
        ),
        (
            "halts stop what reduces",
            "if closed is not None and not _reduces(setup, state, own, moves):",
            "if closed is not None:",
        ),
    )
    + _in(
        "orders",
        (
            "an order that only reduces may do more",
            "if not closes or order.contracts > abs(contracts):",
            "if not closes:",
        ),
        (
            "a refused order stands",
            "return Change(state=state, effects=(decision,))",
            "return Change(state=with_account(state, replace(own, orders=orders)))",
        ),
    )
    + _in(
        "window",
        ("an event is applied twice", "if known == said:", "if known is not None and False:"),
        ("another body takes an old id", "if known is not None:", "if False:"),
        (
            "events are applied in the order of their arrival",
            "insort(pending, event, key=canonical_order)",
            "pending.append(event)",
        ),
        (
            "a window closes too early",
            "tick.event_time_ns - setup.settings.window_ns",
            "tick.event_time_ns",
        ),
        ("time may go back", "event.event_time_ns < state.clock_ns:", "event.event_time_ns < 0:"),
        ("late events wait for ever", "if event.event_time_ns <= state.closed_ns:", "if False:"),
    )
    + _in(
        "markets",
        ("any price is a price", "low <= value <= high):", "True):"),
        (
            "a price touches nobody who holds the listing",
            "touched = holders_of(state.holders, *names, *assets)",
            "touched = holders_of(state.holders, *assets)",
        ),
        (
            "a price set by hand is overwritten",
            "if body.asset not in state.overrides:",
            "if True:",
        ),
        (
            "a listing leaves with positions in it",
            "if body.listing_id in own.positions or ordered:",
            "if ordered:",
        ),
    )
    + _in(
        "control",
        (
            "a parameter acts before its hour",
            "if body.effective_ns <= event.event_time_ns]",
            "if True]",
        ),
        ("one person sets a price alone", "if body.author == body.approver:", "if False:"),
        (
            "a price set by hand never ends",
            "if override.expires_ns <= now_ns:",
            "if override.expires_ns <= 0:",
        ),
        ("watched accounts are forgotten", "touched |= state.watched", "touched |= frozenset()"),
    )
    + _in(
        "calls",
        (
            "an expired call is made again and again",
            "or buffer >= 0 or account.call_expired:",
            "or buffer >= 0:",
        ),
        (
            "calls never expire",
            "steps.append(lambda call: passed(call, now_ns))",
            "steps.append(lambda call: call)",
        ),
    )
    + _in(
        "valued",
        (
            "rows that differ are not priced again",
            "return np.flatnonzero(~same[:count])",
            "return np.flatnonzero(~same[:0])",
        ),
    )
    + _in(
        "progress",
        (
            "a gap is not seen",
            "if number > known.last_sequence + 1:",
            "if number > known.last_sequence + 10**9:",
        ),
        (
            "a gap never closes",
            "fresh = replace(known, missing=_without(known.missing, number))",
            "fresh = known",
        ),
    )
)
