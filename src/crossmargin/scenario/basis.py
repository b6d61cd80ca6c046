"""Cross-venue and term basis: derivatives that move against the same thing elsewhere."""

from collections.abc import Mapping, Sequence

import numpy as np

from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.scenario_set import ScenarioSet


def basis(
    name: str,
    assets: Sequence[str],
    venues: Sequence[str],
    venue_move: Mapping[str, float],
    term_move: float = 0.0,
) -> ScenarioSet:
    """Two scenarios per venue: its derivatives up, and down, by `venue_move` against the others.

    With a `term_move` two more: every derivative by that much per year to expiry, up and down. Spot
    and balances stay where they are, so a long perpetual at one venue against a short at another,
    or against coins, is never free. Without any venue nothing moves in the one scenario there is.
    """
    still = not venues and not term_move
    count = 1 if still else 2 * len(venue_move) + (2 if term_move else 0)
    moves = np.zeros((len(venues), count))
    term = np.zeros(count)
    labels: list[str] = []
    branch: list[str] = []
    if still:
        labels.append("no derivatives")
        branch.append("venue basis")
    for venue, move in venue_move.items():
        for side in (move, -move):
            moves[list(venues).index(venue), len(labels)] = side
            labels.append(f"{venue} derivatives {100 * side:+.6g} %")
            branch.append("venue basis")
    if term_move:
        for side in (term_move, -term_move):
            term[len(labels)] = side
            labels.append(f"derivatives {100 * side:+.6g} % per year")
            branch.append("term basis")
    return assemble(name, assets, venues, labels, branch, venue_move=moves, term_move=term)
