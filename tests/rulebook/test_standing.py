"""Where an account stands, rung by rung, and what its utilisation says when it is no number."""

import numpy as np
import pytest

from crossmargin.rulebook.assess import LevelColumns, standings
from crossmargin.rulebook.standing import STANDINGS, Standing, default_ladder
from crossmargin.rulebook.statement_types import AccountFigures
from tests.rulebook.books import account, book, figures, level, market_json, read
from tests.rulebook.tiny import HEAD

RATED = (
    '{{ charge = "exposure", amount = "gross", of = "notional", by = "listing", rate = {} }}'.format
)
EQUITY = '{ op = "sum", parts = [{ charge = "cash" }, { charge = "unrealised" }] }'


def rulebook(initial: float = 0.20, head: str = "", ladder: str = "") -> str:
    """Initial so much of the notional, maintenance a tenth of it."""
    return f"""{HEAD}{head}
[level.initial]
equity = {EQUITY}
requirement = {RATED(initial)}
[level.maintenance]
equity = {EQUITY}
requirement = {RATED(0.1)}
{ladder}
"""


def stands(cash: float, text: str) -> AccountFigures:
    """One coin long at its mark of 60,000: maintenance is 6,000."""
    own = account("a", "bybit", {"BTC/USDT:USDT": 1}, {"USDT": cash})
    (found,) = figures(text, book(own))
    return found


@pytest.mark.parametrize(
    ("cash", "initial", "standing"),
    [
        (20_000, 0.20, Standing.HEALTHY),
        (12_000, 0.20, Standing.HEALTHY),
        (11_999.99, 0.20, Standing.CALLED),
        (7_500.01, 0.11, Standing.HEALTHY),
        (7_500, 0.11, Standing.WARNED),
        (6_600, 0.11, Standing.WARNED),
        (6_599.99, 0.11, Standing.CALLED),
        (6_000, 0.11, Standing.CALLED),
        (5_999.99, 0.11, Standing.LIQUIDATING),
        (0.01, 0.11, Standing.LIQUIDATING),
        (-0.01, 0.11, Standing.BANKRUPT),
    ],
)
def test_the_default_ladder_rung_by_rung(cash: float, initial: float, standing: Standing) -> None:
    assert stands(cash, rulebook(initial)).standing is standing


def test_a_rulebook_may_liquidate_at_equality() -> None:
    at_zero = rulebook(0.11, "liquidation_at_zero = true")
    assert stands(6_000, at_zero).standing is Standing.LIQUIDATING
    assert stands(6_000.01, at_zero).standing is Standing.CALLED
    (empty,) = figures(at_zero, book(account("a")))
    assert empty.standing is Standing.HEALTHY


def test_a_rulebook_may_write_its_own_ladder() -> None:
    ladder = """
[[ladder]]
standing = "reduce_only"
measured = "utilisation"
level = "maintenance"
threshold = 0.5
[[ladder]]
standing = "liquidating"
measured = "buffer"
level = "maintenance"
threshold = 1000
or_at = true
[[ladder]]
standing = "bankrupt"
measured = "net_liquidation_value"
or_at = true
"""
    text = rulebook(0.11, ladder=ladder).replace(
        "tick_exponent", "rounding_unit = '0.01'\ntick_exponent"
    )
    assert stands(12_000, text).standing is Standing.HEALTHY
    assert stands(11_999, text).standing is Standing.REDUCE_ONLY
    assert stands(0, text).standing is Standing.BANKRUPT


def test_utilisation_says_why_it_is_no_number() -> None:
    assert level(stands(12_000, rulebook())).utilisation == 0.5
    broke = level(stands(-5, rulebook()))
    assert (broke.utilisation, broke.utilisation_reason) == (None, "no_equity")
    empty = level(stands(0, rulebook()))
    assert (empty.utilisation, empty.utilisation_reason) == (None, "no_equity")
    blind = read(market_json(marks={"bybit:BTC/USDT:USDT": None}))
    (lost,) = figures(rulebook(), book(account("a", "bybit", {"BTC/USDT:USDT": 1})), blind)
    assert (level(lost).utilisation, level(lost).utilisation_reason) == (None, "unavailable")
    (debtor,) = figures(rulebook(), book(account("a", balances={"USDT": -5})))
    assert (level(debtor).utilisation, level(debtor).utilisation_reason) == (0.0, None)


def columns(**levels: tuple[float, float]) -> dict[str, LevelColumns]:
    return {
        name: LevelColumns(name=name, equity=np.array([e]), requirement=np.array([r]))
        for name, (e, r) in levels.items()
    }


NAN = float("nan")


@pytest.mark.parametrize(
    ("initial", "maintenance", "net", "standing"),
    [
        ((NAN, 10.0), (100.0, 5.0), 100.0, Standing.UNAVAILABLE),
        ((100.0, 10.0), (100.0, NAN), 100.0, Standing.UNAVAILABLE),
        ((100.0, 10.0), (100.0, 5.0), NAN, Standing.UNAVAILABLE),
        # What is certain is not hidden behind what is not known.
        ((NAN, 10.0), (4.0, 5.0), 100.0, Standing.LIQUIDATING),
        ((NAN, NAN), (4.0, 5.0), NAN, Standing.LIQUIDATING),
        ((NAN, NAN), (NAN, NAN), -1.0, Standing.BANKRUPT),
        # A call is not enough: the account may be in a worse place.
        ((5.0, 10.0), (NAN, 5.0), 100.0, Standing.UNAVAILABLE),
    ],
)
def test_a_missing_figure_hides_all_but_what_is_certain(
    initial: tuple[float, float], maintenance: tuple[float, float], net: float, standing: Standing
) -> None:
    ladder = default_ladder("initial", "maintenance", or_at=False)
    found = standings(ladder, columns(initial=initial, maintenance=maintenance), np.array([net]))
    assert STANDINGS[found[0]] is standing
