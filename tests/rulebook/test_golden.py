"""Published figures, entered as book, market and recipe through the one path."""

from decimal import Decimal
from math import log, sqrt
from statistics import NormalDist

import pytest

from crossmargin.base.instant import NS_PER_YEAR, parse_instant
from tests.rulebook.books import (
    AS_OF,
    EXPIRY,
    account,
    book,
    figures,
    level,
    market_json,
    read,
)
from tests.rulebook.tiny import GROSS, tiny
from tests.rulebook.trees import node

D = Decimal


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [("gross", 195_000_000), ("abs_net", 5_000_000), ("net", 5_000_000), ("hedged", 95_000_000)],
)
def test_a_hundred_million_long_and_ninety_five_short(amount: str, dollars: int) -> None:
    """Gross 195 million, net 5 million (options.greeks.live on netting and notional value)."""
    whole = tiny(
        GROSS.replace("gross", amount).replace("listing", "underlying").replace("0.1", "1")
    )
    over = read(market_json(marks={"bybit:BTC/USDT:USDT": 50_000, "bybit:BTC/USDC:USDC": 50_000}))
    rows = {
        "BTC/USDT:USDT": {"contracts": "2000", "entry_price": "50000"},
        "BTC/USDC:USDC": {"contracts": "-1900", "entry_price": "50000"},
    }
    (found,) = figures(whole, book(account("a", "bybit", rows)), over)
    assert level(found).requirement == D(dollars)


def test_the_least_of_paradex_for_a_perpetual_against_five_calls() -> None:
    """One perpetual and five short calls of delta 0.3 at 70,000: net -0.5, gross 2.5, hedged 1.0,
    so (2 % x 0.5 + 1 % x 1.0) x 70,000 = 1,400 (docs.paradex.trade, portfolio margin).
    """
    call = "BTC/USDC:USDC-261225-80000-C"
    years = (parse_instant(EXPIRY) - parse_instant(AS_OF)) / NS_PER_YEAR
    # d1 = ln(forward / strike) / s + s / 2 is the normal quantile of 0.3 where s solves this.
    quantile = NormalDist().inv_cdf(0.3)
    deviation = quantile + sqrt(quantile**2 - 2 * log(70_000 / 80_000))
    over = read(
        market_json(
            index={"BTC": 70_000.0},
            forwards={"BTC": 70_000.0},
            marks={"bybit:BTC/USDC:USDC": 70_000.0},
            vols={f"bybit:{call}": deviation / sqrt(years)},
        )
    )
    rows = {
        "BTC/USDC:USDC": {"contracts": "1", "entry_price": "70000"},
        call: {"contracts": "-5", "entry_price": "3000"},
    }
    (found,) = figures("paradex-portfolio", book(account("a", "bybit", rows)), over)
    assert float(node(found, "min_delta", "initial").amount or 0) == pytest.approx(1_400, abs=0.01)


HAIRCUTS = """
[params.haircut]
by = "asset"
value = { BTC = 0.02, USDT = 0.001 }
low = 0.0
high = 1.0
source = "https://helpcenter.bitexch.io/en/articles/9777671"
"""
CREDIT = (
    '{ charge = "collateral", rates = "$haircut", stated = "haircut", price = "index", '
    'debt_price = "index" }'
)


def test_two_currencies_after_their_haircuts() -> None:
    """3.136088934 BTC at 37,496.76318 less 2 %, and 347,974.9709 USDT at 1.000296667 less 0.1 %:
    462,971.4456. A book holds eight digits of a bitcoin: the ninth is a hundredth of a cent.
    """
    recipe = tiny(
        '{ op = "scale", part = { charge = "unrealised" }, factor = 0 }', HAIRCUTS, equity=CREDIT
    ).replace("-14", "-30")
    over = read(market_json(index={"BTC": 37_496.76318, "USDT": 1.000296667}))
    held = book(account("a", balances={"BTC": "3.13608893", "USDT": "347974.9709"}))
    (found,) = figures(recipe, held, over)
    assert float(level(found).equity or 0) == pytest.approx(462_971.4456, abs=2e-4)


def test_a_coin_beyond_the_first_counts_for_less() -> None:
    """The first coin counts 90 %, the next 80 %: two count 1.7 (www.mexc.fm, multi-asset)."""
    tables = """
[params.bounds]
by = "asset"
value = { BTC = [1.0] }
low = 0.0
high = 1e9
source = "https://www.mexc.fm/ms-MY/futures/information/multi_asset"
[params.weights]
by = "asset"
value = { BTC = [0.9, 0.8] }
low = 0.0
high = 1.0
source = "https://www.mexc.fm/ms-MY/futures/information/multi_asset"
"""
    credit = (
        '{ charge = "collateral", rates = "$weights", bounds = "$bounds", stated = "weight", '
        'measure = "amount", price = "index", debt_price = "index" }'
    )
    recipe = (
        tiny(
            '{ op = "scale", part = { charge = "unrealised" }, factor = 0 }', tables, equity=credit
        )
        .replace('"USD"', '"BTC"')
        .replace("-14", "-34")
    )
    (found,) = figures(recipe, book(account("a", balances={"BTC": 2})))
    assert float(level(found).equity or 0) == pytest.approx(1.7, abs=1e-9)
