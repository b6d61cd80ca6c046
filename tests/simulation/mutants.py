"""Defects to plant in the live engine, its ledger and its journal: each is one place of one file,
written another way.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old`, which stands once in `file`, becomes `new`; `first` are the tests nearest to it."""

    says: str
    file: str
    old: str
    new: str
    first: tuple[str, ...]


NEAREST = {
    "engine/booking.py": ("engine/test_money.py",),
    "engine/trades.py": ("engine/test_money.py", "engine/test_decisions.py"),
    "engine/money.py": ("engine/test_decisions.py", "engine/test_money.py"),
    "engine/check.py": ("engine/test_decisions.py", "engine/test_incidents.py"),
    "engine/doubt.py": ("engine/test_decisions.py", "engine/test_pricing.py"),
    "engine/orders.py": ("engine/test_decisions.py",),
    "engine/window.py": ("engine/test_window.py",),
    "engine/markets.py": ("engine/test_market_events.py", "engine/test_incidents.py"),
    "engine/pricing.py": ("engine/test_pricing.py",),
    "engine/control.py": ("engine/test_decisions.py", "engine/test_market_events.py"),
    "engine/arrivals.py": ("engine/test_arrivals.py",),
    "engine/calls.py": ("engine/test_calls.py", "engine/test_incidents.py"),
    "engine/best_end.py": ("engine/test_pricing.py", "engine/test_incidents_replayed.py"),
    "engine/marking.py": ("engine/test_marking.py",),
    "engine/breaking.py": ("engine/test_breakers.py",),
    "engine/preview.py": ("engine/test_preview.py",),
    "engine/valued.py": ("engine/test_market_events.py", "engine/test_window.py"),
    "engine/progress.py": ("engine/test_window.py", "engine/test_decisions.py"),
    "engine/remargin.py": ("engine/test_decisions.py",),
    "engine/block.py": ("engine/test_block.py",),
    "engine/rows.py": ("engine/test_rows.py",),
    "engine/snapshot.py": ("engine/test_snapshot.py",),
    "engine/state_form.py": ("engine/test_snapshot.py",),
    "ledger/ledger.py": ("ledger",),
    "ledger/chain.py": ("ledger",),
    "ledger/check.py": ("ledger",),
    "ledger/why.py": ("ledger",),
    "ledger/rounding.py": ("ledger",),
    "store/restart.py": ("store/test_restart.py",),
    "store/durable.py": ("store/test_restart.py", "cli/test_engine.py"),
    "store/chain.py": ("store/test_damage.py", "store/test_contract.py"),
    "store/sqlite.py": ("store/test_contract.py",),
    "action/ladder.py": ("action/test_ladder.py",),
}
"""The tests that know a file best: most defects die there, in seconds."""


def _in(file: str, *rows: tuple[str, str, str]) -> list[Mutant]:
    name = f"{file}.py" if "/" in file else f"engine/{file}.py"
    return [Mutant(says, name, old, new, NEAREST[name]) for says, old, new in rows]


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
            "touched = state.holders.touched([*names, *sorted(assets)])",
            "touched = state.holders.touched(sorted(assets))",
        ),
        (
            "a price set by hand is overwritten",
            "if asset not in state.overrides:",
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
            "call = passed(healed, now_ns)",
            "call = healed",
        ),
        (
            "a growing shortfall is not called",
            "open_calls=open_calls(change.state, account_id),",
            "open_calls=open_calls(change.state, account_id) * 99,",
        ),
        (
            "what arrives meets no call",
            "after = shared_out(before, delivery.asset, delivery.coins, now_ns)",
            "after = before",
        ),
    )
    + _in(
        "arrivals",
        (
            "money on its way keeps calls away for ever",
            "if waited_ns <= setup.calls.transit_ns:",
            "if waited_ns >= 0:",
        ),
        (
            "money on its way counts twice",
            "if arrival is None or not arrival.meets_calls:",
            "if arrival is None:",
        ),
        (
            "what is announced is there at once",
            "body.amount_units, EntryState.PENDING)",
            "body.amount_units, EntryState.POSTED)",
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
    + _in(
        "pricing",
        (
            "sources overwrite a price set by hand",
            "free = {name: own for name, own in found.items() if name not in state.overrides}",
            "free = dict(found)",
        ),
        (
            "a source that nobody named is heard",
            "if event.source not in {own.name for own in policy.sources}:",
            "if False:",
        ),
    )
    + _in(
        "doubt",
        ("no price is ever stale", "<= setup.settings.stale_ns:", "<= 10**30:"),
        (
            "what is in doubt backs new risk",
            "held[row] = 0.0 if stance.credit == 0.0 else",
            "held[row] = 1.0 if stance.credit == 0.0 else",
        ),
        (
            "positions in doubt are judged where they stand",
            "codes = sorted(ends)",
            "codes = sorted(ends)[:0]",
        ),
    )
    + _in(
        "best_end",
        (
            "a doubt alone liquidates",
            "if y.ends is not None and x in exposed}",
            "if y.ends is not None and False}",
        ),
        (
            "a coin that never had a price shields",
            "columns = _without_unpriced(columns_of(setup, state, [own]), stances)",
            "columns = columns_of(setup, state, [own])",
        ),
    )
    + _in(
        "marking",
        (
            "a mark that is made may be said",
            "return rules.perpetual is not None",
            "return False",
        ),
        (
            "a book moves a mark at once",
            "marks.tops.get(name), known, as_of_ns)",
            "marks.tops.get(name), known, as_of_ns * 2)",
        ),
    )
    + _in(
        "breaking",
        ("no breaker ever trips", "if metric > own.bound:", "if metric > 1e300:"),
        (
            "a breaker lets go at once",
            "and now_ns - calm_ns >= own.calm_ns:",
            "and now_ns - calm_ns >= 0:",
        ),
        (
            "a refused withdrawal counts as money gone",
            "if any(isinstance(x, Decision) and x.enforced and not x.allowed for x in told):",
            "if False:",
        ),
    )
    + _in(
        "preview",
        (
            "a preview looks at the parameters of now",
            "rules = replace(rules_of(setup, changes), staged=state.rules.staged)",
            "rules = state.rules",
        ),
    )
    + _in(
        "remargin",
        (
            "money on its way out still counts",
            " - own.withdrawing_units.get(asset, 0)",
            "",
        ),
    )
    + _in(
        "rows",
        (
            "a row that changed keeps its old figures",
            "column[places] = getattr(fresh, field)",
            "column[places] = column[places]",
        ),
        (
            "positions that came or went are not laid out",
            "if positions.keys() != old.keys() or not",
            "if not",
        ),
    )
    + _in(
        "block",
        (
            "who is watched is not looked at after a price",
            "mine & (worse | calling | state.watched)",
            "mine & (worse | calling)",
        ),
        (
            "what an account held before it changed is margined",
            "mine = (before.names & rest) - before.newer",
            "mine = before.names & rest",
        ),
    )
    + _in(
        "snapshot",
        (
            "a snapshot of another version is read",
            "if (head.schema, head.shape) != (SCHEMA, SHAPE_HASH):",
            "if False:",
        ),
        (
            "a snapshot under another setup is read",
            "if rules.config_hash != kept.config_hash:",
            "if False:",
        ),
        (
            "what a snapshot gives is not held against its hash",
            "if (state.sequence, state_hash(state)) != (head.sequence, head.state_hash):",
            "if False:",
        ),
        (
            "changes announced are forgotten at a restart",
            "replace(rules_of(setup, kept.changes), staged=kept.staged)",
            "rules_of(setup, kept.changes)",
        ),
    )
    + _in(
        "state_form",
        (
            "locks are left out of snapshots",
            'DERIVED: Final = ("valued",)',
            'DERIVED: Final = ("valued", "locks")',
        ),
        (
            "the ledger's end is not looked at",
            "if LedgerEnd(count=len(entries), head_hash=head) != end:",
            "if False:",
        ),
    )
    + _in(
        "store/restart",
        (
            "a restart leaves out an event",
            "journal_events(store, sequence + 1):",
            "journal_events(store, sequence + 2):",
        ),
        (
            "a damaged snapshot is passed over in silence",
            "unusable += [_named(failure, sequence) for failure in wrong.failures]",
            "pass",
        ),
        (
            "a journal of another setup is replayed",
            "if initial_state(setup).rules.config_hash != config_hash:",
            "if False:",
        ),
    )
    + _in(
        "store/durable",
        (
            "snapshots are never kept",
            "if run.snapshot_every and sequence - kept >= run.snapshot_every:",
            "if False:",
        ),
        (
            "what is known already is written again",
            "fresh = [event for event in part if event.event_id not in state.seen]",
            "fresh = list(part)",
        ),
    )
    + _in(
        "store/chain",
        (
            "a record's hash is not computed again",
            "if record_hash(before.hash, sequence, body) != own_hash:",
            "if False:",
        ),
        (
            "a journal cut short is read as a shorter one",
            "if head.sequence < acknowledged.sequence:",
            "if False:",
        ),
        (
            "a snapshot's hash is not computed again",
            "if snapshot_hash(anchor_hash, sequence, body) != own_hash:",
            "if False:",
        ),
    )
    + _in(
        "store/sqlite",
        (
            "an older writer may write",
            "if token != writing.fence.token:\n                connection",
            "if False:\n                connection",
        ),
    )
    + _in(
        "ledger/ledger",
        (
            "a voided entry keeps its money reserved",
            "reserved = -settles.amount_units",
            "reserved = 0",
        ),
        (
            "a pending entry moves money",
            "moved = entry.amount_units if entry.state is EntryState.POSTED else 0",
            "moved = entry.amount_units",
        ),
    )
    + _in(
        "ledger/chain",
        (
            "an entry's hash is not computed again",
            "if entry.hash != entry_hash(entry):",
            "if False:",
        ),
    )
    + _in(
        "ledger/check",
        ("a pending entry is settled twice", "    if settled:", "    if False:"),
    )
    + _in(
        "ledger/why",
        ("a haircut reduces a debt", "return max(units, 0) *", "return units *"),
    )
    + _in(
        "action/ladder",
        (
            "a better standing holds at once",
            "if as_of_ns - started_ns >= policy.dwell_ns:",
            "if True:",
        ),
        (
            "a standing gets worse rung by rung",
            "    if severity(now) > severity(before.known):",
            "    if severity(now) == severity(before.known) + 1:",
        ),
    )
)
