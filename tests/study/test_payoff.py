import numpy as np
import pytest

from crossmargin import api
from crossmargin.domain.universe import Kind
from crossmargin.study.payoff import MOVES, payoffs
from tests.style.sources import ROOT


@pytest.fixture(scope="module")
def fund() -> api.Prepared:
    market = api.load_market(ROOT / "examples" / "market.json")
    return api.prepare(api.load_book(ROOT / "examples" / "fund.json", market), market)


def account_number(fund: api.Prepared, name: str) -> int:
    return [str(each) for each in fund.columns.account_ids].index(name)


def curves_of(fund: api.Prepared, name: str):
    number = account_number(fund, name)
    return {c.underlying: c for c in payoffs(fund.columns, fund.priced, number, "USD")}


def test_nothing_is_gained_where_nothing_moves_and_no_time_passes(fund: api.Prepared) -> None:
    here = int(np.flatnonzero(np.isclose(MOVES, 0.0))[0])
    for account in range(fund.columns.accounts_count):
        for curve in payoffs(fund.columns, fund.priced, account, "USD"):
            assert curve.today[here] == pytest.approx(0.0, abs=1e-6)
            assert curve.prices[here] == pytest.approx(curve.price_now)


def test_a_book_without_options_gains_its_delta_times_the_move(fund: api.Prepared) -> None:
    universe, positions = fund.columns.universe, fund.columns.positions
    number = account_number(fund, "hyperliquid-main")
    rows = np.flatnonzero(positions.account == number)
    assert np.all(universe.kind[positions.instrument[rows]] == Kind.PERPETUAL)
    for underlying, curve in curves_of(fund, "hyperliquid-main").items():
        own = [
            row
            for row in rows
            if universe.assets[universe.underlying[positions.instrument[row]]] == underlying
        ]
        marks = fund.priced.market.mark[positions.instrument[own]]
        sizes = universe.contract_size[positions.instrument[own]]
        delta = float((positions.contracts[own] * marks * sizes).sum())
        assert curve.today == pytest.approx(delta * MOVES, rel=1e-9, abs=1e-6)


def test_a_short_strangle_is_worth_most_at_expiry_between_its_strikes(fund: api.Prepared) -> None:
    curve = curves_of(fund, "deribit-yield")["ETH"]
    # Its coins gain with the price, so both ends are looked at against the coins alone.
    amount = sum(
        fund.columns.balances.amount[
            fund.columns.balances.account == account_number(fund, "deribit-yield")
        ]
    )
    options = curve.at_expiry - amount * (curve.prices - curve.price_now)
    middle = options[(curve.prices > 1650) & (curve.prices < 2200)]
    assert middle.min() > 0
    assert np.ptp(middle) < 0.01 * np.abs(options).max()
    assert options[0] < 0
    assert options[-1] < 0
    decayed = curve.at_expiry - curve.today
    assert decayed[np.isclose(MOVES, 0.0)] > 0


def test_an_account_without_positions_has_no_curve(fund: api.Prepared) -> None:
    for account, name in enumerate(fund.columns.account_ids):
        held = fund.columns.positions.account == account
        if not held.any():
            assert curves_of(fund, str(name)) == {}
    assert {"BTC"} <= curves_of(fund, "deribit-main").keys()
