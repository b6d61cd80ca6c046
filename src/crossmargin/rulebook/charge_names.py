"""What each charge is called in a recipe."""

from collections.abc import Mapping
from typing import Any

from crossmargin.rulebook.charge.balance_exposure import BalanceExposure
from crossmargin.rulebook.charge.borrow_room import BorrowRoom
from crossmargin.rulebook.charge.borrowing import Borrowing
from crossmargin.rulebook.charge.calendar_spread import CalendarSpread
from crossmargin.rulebook.charge.cash import Cash
from crossmargin.rulebook.charge.closing_fee import ClosingFee
from crossmargin.rulebook.charge.collateral import Collateral
from crossmargin.rulebook.charge.contagion import Contagion
from crossmargin.rulebook.charge.covariance import Covariance
from crossmargin.rulebook.charge.curvature import Curvature
from crossmargin.rulebook.charge.delta_gamma import DeltaGamma
from crossmargin.rulebook.charge.expected_shortfall import ExpectedShortfall
from crossmargin.rulebook.charge.exposure import Exposure
from crossmargin.rulebook.charge.horizon_shortfall import HorizonShortfall
from crossmargin.rulebook.charge.isolated_orders import IsolatedOrders
from crossmargin.rulebook.charge.liquidity import Liquidity
from crossmargin.rulebook.charge.mark_value import MarkValue
from crossmargin.rulebook.charge.open_loss import OpenLoss
from crossmargin.rulebook.charge.open_orders import OpenOrders
from crossmargin.rulebook.charge.option_strategy import OptionStrategy
from crossmargin.rulebook.charge.order_count import OrderCount
from crossmargin.rulebook.charge.pair_credit import PairCredit
from crossmargin.rulebook.charge.payoff_max_loss import PayoffMaxLoss
from crossmargin.rulebook.charge.place_loss import PlaceLoss
from crossmargin.rulebook.charge.pool_credit import PoolCredit
from crossmargin.rulebook.charge.pool_debt import PoolDebt
from crossmargin.rulebook.charge.quote_hedge import QuoteHedge
from crossmargin.rulebook.charge.quote_protection import QuoteProtection
from crossmargin.rulebook.charge.scan_loss import ScanLoss
from crossmargin.rulebook.charge.sensitivity import Sensitivity
from crossmargin.rulebook.charge.spot_in_use import SpotInUse
from crossmargin.rulebook.charge.standard_option import StandardOption
from crossmargin.rulebook.charge.tiered import Tiered
from crossmargin.rulebook.charge.token_health import TokenHealth
from crossmargin.rulebook.charge.unrealised import Unrealised
from crossmargin.rulebook.charge.value_at_risk import ValueAtRisk
from crossmargin.rulebook.charge.weighted_balance import WeightedBalance

CHARGES: Mapping[str, type[Any]] = {
    "quote_protection": QuoteProtection,
    "quote_hedge": QuoteHedge,
    "open_loss": OpenLoss,
    "closing_fee": ClosingFee,
    "calendar_spread": CalendarSpread,
    "borrow_room": BorrowRoom,
    "borrowing": Borrowing,
    "balance_exposure": BalanceExposure,
    "cash": Cash,
    "collateral": Collateral,
    "contagion": Contagion,
    "covariance": Covariance,
    "curvature": Curvature,
    "delta_gamma": DeltaGamma,
    "expected_shortfall": ExpectedShortfall,
    "exposure": Exposure,
    "horizon_shortfall": HorizonShortfall,
    "isolated_orders": IsolatedOrders,
    "liquidity": Liquidity,
    "mark_value": MarkValue,
    "open_orders": OpenOrders,
    "option_strategy": OptionStrategy,
    "order_count": OrderCount,
    "pair_credit": PairCredit,
    "payoff_max_loss": PayoffMaxLoss,
    "pool_credit": PoolCredit,
    "pool_debt": PoolDebt,
    "place_loss": PlaceLoss,
    "scan_loss": ScanLoss,
    "sensitivity": Sensitivity,
    "spot_in_use": SpotInUse,
    "standard_option": StandardOption,
    "tiered": Tiered,
    "token_health": TokenHealth,
    "unrealised": Unrealised,
    "value_at_risk": ValueAtRisk,
    "weighted_balance": WeightedBalance,
}
