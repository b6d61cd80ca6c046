"""One hash over everything the engine knows: equal states have it, whoever computed them."""

from hashlib import sha256

from crossmargin.engine.state import EngineState
from crossmargin.engine.state_form import CANONICAL, state_text


def state_hash(state: EngineState) -> str:
    """SHA-256 of the state in canonical form; what only follows from it (`valued`) is left out."""
    return sha256(state_text(state, CANONICAL).encode()).hexdigest()
