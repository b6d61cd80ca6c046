"""A state as bytes, and the state again: a restart begins there and not at the first event.

One line of JSON says which format and shape it is and which state; behind it, compressed, one
line with every field of the state and one with every entry of its ledger.
"""

import json
import zlib
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.engine.rules import rules_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.state_form import (
    EXACT,
    SHAPE,
    RulesKept,
    entries_text,
    ledger_of,
    state_fields,
    state_text,
)
from crossmargin.engine.state_hash import state_hash
from crossmargin.engine.valued import valued_market

SCHEMA: Final = "crossmargin/state/1"
SHAPE_HASH: Final = sha256(SHAPE.encode()).hexdigest()
_PACKING: Final = 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotHead:
    """What a snapshot says of itself, without being read whole."""

    schema: str
    shape: str
    sequence: int
    state_hash: str


def snapshot_body(state: EngineState) -> bytes:
    """The state as bytes: the same state gives the same bytes."""
    head = {
        "schema": SCHEMA,
        "shape": SHAPE_HASH,
        "sequence": state.sequence,
        "state_hash": state_hash(state),
    }
    text = f"{state_text(state, EXACT)}\n{entries_text(state.ledger)}"
    return json.dumps(head).encode() + b"\n" + zlib.compress(text.encode(), _PACKING)


def snapshot_head(body: bytes, where: str = "snapshot") -> SnapshotHead:
    """The first line of a snapshot; `InputRefused` for another format or another program's."""
    line, _, _ = body.partition(b"\n")
    try:
        head = SnapshotHead(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise _refusal(where, f"it does not begin as a state does: {error}") from error
    if (head.schema, head.shape) != (SCHEMA, SHAPE_HASH):
        message = f"it is {head.schema} of another version, not {SCHEMA} of this one"
        raise InputRefused([Failure(Reason.UNSUPPORTED, where, message)])
    return head


def state_of(setup: Setup, body: bytes, where: str = "snapshot") -> EngineState:
    """The state that was written. `InputRefused` when it is not whole, or was not under `setup`."""
    head = snapshot_head(body, where)
    try:
        packed = body.partition(b"\n")[2]
        text, _, entries = zlib.decompress(packed).decode().partition("\n")
        values = state_fields(text)
        values["ledger"] = ledger_of(entries, values["ledger"])
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, zlib.error) as error:
        raise _refusal(where, f"no state can be read from it: {error}") from error
    state = _with_derived(setup, values, where)
    if (state.sequence, state_hash(state)) != (head.sequence, head.state_hash):
        raise _refusal(where, "it gives another state than the one that was written")
    return state


def _with_derived(setup: Setup, values: dict[str, Any], where: str) -> EngineState:
    """The state with all that follows from its fields and the setup."""
    kept: RulesKept = values.pop("rules")
    rules = replace(rules_of(setup, kept.changes), staged=kept.staged)
    if rules.config_hash != kept.config_hash:
        message = "it was written under other recipes, assets or settings than these"
        raise InputRefused([Failure(Reason.CONTRADICTION, f"{where}.config_hash", message)])
    held = values["holders"].assets()
    valued = valued_market(setup, values["snapshot"], values["listings"], held)
    return replace(initial_state(setup), **values, rules=rules, valued=valued)


def _refusal(where: str, message: str) -> InputRefused:
    return InputRefused([Failure(Reason.CONTRADICTION, where, message)])
