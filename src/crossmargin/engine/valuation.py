"""What an account's holdings are worth at a state, for the question why its equity changed."""

from fractions import Fraction
from math import isfinite

from crossmargin.domain.universe import Kind
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState
from crossmargin.ledger.why import Valuation
from crossmargin.valuation.unit_value import unit_value


def account_valuation(setup: Setup, state: EngineState, account_id: str) -> Valuation | None:
    """Dollars at the index, no haircut. None while something that is held has no price.

    `unrealised` is value less cost of futures and perpetuals, and the whole value of options, whose
    premium was paid in money.
    """
    universe, market = state.valued.universe, state.valued.priced.market
    price: dict[str, Fraction] = {}
    for asset in state.ledger.account_assets(account_id):
        index = float(market.index[universe.assets.index(asset)])
        if not isfinite(index):
            return None
        price[asset] = Fraction(index) / Fraction(10) ** setup.assets[asset].decimals
    values = unit_value(universe, market)
    unrealised = Fraction(0)
    for position in state.accounts[account_id].positions.values():
        row = universe.listing_ids.index(position.listing_id)
        rate = float(market.index[universe.settle[row]])
        if not (isfinite(rate) and isfinite(float(values[row]))):
            return None
        worth = Fraction(position.contracts) * Fraction(float(values[row]))
        if universe.kind[row] != Kind.OPTION:
            worth -= Fraction(position.cost_settle or 0)
        unrealised += worth * Fraction(rate)
    return Valuation(
        sequence=state.ledger.count,
        as_of_ns=state.clock_ns,
        price=price,
        haircut_frac={},
        unrealised=unrealised,
    )
