"""Write examples/market.json: the market of the example fund, real where the bundled files are.

Option vols, open interest and underlying prices are those of the bundled chain, the vol indexes
those of DVOL. Nothing else is in the bundle: every other figure is `assumed`, and says why.
"""

import json
from pathlib import Path

from crossmargin.api import load_book, load_market, prepare
from crossmargin.base.instant import instant_text, parse_instant
from crossmargin.rulebook.crowd import computed_totals
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.bundle import PREFIX, read_bundled
from crossmargin.wire.chain import ChainFormat, OptionChain, read_chain
from crossmargin.wire.history import read_vol_index
from crossmargin.wire.market_fields import MARKET_SCHEMA
from crossmargin.wire.recipes import bundled_recipe

CHAIN = "deribit_option_chain_oi_iv_2026-08-08.csv"
DVOL = "deribit_dvol_daily_2021_2026.csv"
CLOSES = "btc_eth_daily_close_premium_2017_2026.csv"
OUTPUT = Path(__file__).parent.parent / "examples" / "market.json"
BOOK = OUTPUT.parent / "fund.json"

CROWD_MOVE_FRAC = 0.1
"""Crowds are none of this file's business; the owners' sizes do not depend on it."""
AS_OF = "2026-08-08T00:00:00Z"
"""The chain has a date and no time. Its options that expire at 08:00 UTC of that date still have a
vol, so it was taken before; midnight is what the bare date says."""

ILLUSTRATIVE = "no bundled file has it: an illustrative round figure"
PEGGED = "no bundled file has the price of this stablecoin: its peg"
PERPETUAL = "no bundled file has quotes of perpetuals: the index of the underlying"
FUNDING = "no bundled file has current funding: the common base rate of 0.01 % per 8 hours"
OWNERS = "nobody publishes totals: those of the example book, added up"
ELSEWHERE = "no bundled file has futures of this venue: the Deribit underlying price of the expiry"
SPREAD = "no bundled file has a book: the index less or plus an illustrative half spread"

# Asset: (index in dollars, its reason, half spread, average daily volume, depth within 1 %).
OTHERS = {
    "SOL": (110.0, ILLUSTRATIVE, 0.0003, 3e9, 2.5e7),
    "USDT": (1.0, PEGGED, 0.0001, 5e10, 3e8),
    "USDC": (1.0, PEGGED, 0.0001, 1e10, 2e8),
    "USDe": (1.0, PEGGED, 0.0005, 2e8, 1e7),
}
COINS = {"BTC": (0.0001, 2e10, 2e8), "ETH": (0.0002, 1e10, 1e8)}
STETH = (0.9995, 0.0008, 3e7, 5e6)
SOL_VOL = 0.65

PERPETUALS = {
    "deribit": ["BTC/USD:BTC", "ETH/USD:ETH", "BTC/USDC:USDC", "ETH/USDC:USDC", "SOL/USDC:USDC"],
    "okx": [f"{x}/USDT:USDT" for x in ("BTC", "ETH", "SOL")]
    + [f"{x}/USD:{x}" for x in ("BTC", "ETH", "SOL")],
    "binance": [f"{x}/USDT:USDT" for x in ("BTC", "ETH", "SOL")]
    + [f"{x}/USD:{x}" for x in ("BTC", "ETH", "SOL")],
    "bybit": [f"{x}/USDT:USDT" for x in ("BTC", "ETH", "SOL")]
    + [f"{x}/USDC:USDC" for x in ("BTC", "ETH", "SOL")]
    + [f"{x}/USD:{x}" for x in ("BTC", "ETH", "SOL")],
    "hyperliquid": [f"{x}/USDC:USDC" for x in ("BTC", "ETH", "SOL")],
}
FUTURES = {
    "deribit": (["{0}/USD:{0}"], ["260828", "260925", "261030", "261225", "270326", "270625"]),
    "okx": (["{0}/USD:{0}", "{0}/USDT:USDT"], ["260828", "260925", "261225", "270326"]),
    "binance": (["{0}/USD:{0}", "{0}/USDT:USDT"], ["260925", "261225"]),
    "bybit": (["{0}/USD:{0}", "{0}/USDT:USDT"], ["260828", "260925", "261225"]),
}


def main() -> None:
    """Build and write the file."""
    terms, registry = bundled_terms(), bundled_registry()
    data = read_bundled(PREFIX + CHAIN)
    chain = read_chain(data, ChainFormat.OI_IV, "deribit", CHAIN, registry, terms)
    forwards = _forwards(chain)
    spot = {code: min((k[1], v) for k, v in forwards.items() if k[0] == code)[1] for code in COINS}
    assets = _assets(spot)
    listings = [*_perpetuals(spot), *_futures(forwards)]
    market = {
        "schema": MARKET_SCHEMA,
        "as_of": AS_OF,
        "sequence": 1,
        "include": [
            {"chain": PREFIX + CHAIN, "format": ChainFormat.OI_IV.value, "venue": "deribit"}
        ],
        "history": {"prices": PREFIX + CLOSES, "vol_index": PREFIX + DVOL},
        "assets": assets,
        "listings": listings,
    }
    market["totals"] = _totals(json.dumps(market).encode())
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(market, indent=1) + "\n", encoding="utf-8")
    print(f"{OUTPUT.name}: {len(assets)} assets, {len(listings)} listings")


def _totals(market: bytes) -> dict[str, object]:
    """What each owner of the example book has of each underlying, over all its accounts."""
    over = load_market(market)
    ready = prepare(load_book(json.loads(BOOK.read_text(encoding="utf-8")), over), over)
    found = computed_totals(
        bundled_recipe("net-delta"),
        ready.columns,
        ready.priced,
        move_frac=CROWD_MOVE_FRAC,
        depth={},
        sequence=1,
    )
    owned = {
        "/".join(pair): round(quoted.value, 8) for pair, quoted in sorted(found.owner_delta.items())
    }
    return {"as_of": AS_OF, "assumed": OWNERS, "owner_delta": owned}


def _forwards(chain: OptionChain) -> dict[tuple[str, str], float]:
    """(underlying, yymmdd) -> the chain's underlying price."""
    return {
        (code, instant_text(expiry_ns)[2:10].replace("-", "")): quote.forward.value
        for (code, expiry_ns), quote in chain.expiries.items()
        if quote.forward is not None
    }


def _assets(spot: dict[str, float]) -> list[dict[str, object]]:
    dvol = read_vol_index(read_bundled(PREFIX + DVOL), DVOL)
    if dvol.date_ns[-1] != parse_instant(AS_OF[:10]):
        raise SystemExit(f"{DVOL} does not end at {AS_OF[:10]}")
    level = dict(zip(dvol.assets, dvol.price[-1].tolist(), strict=True))
    rows = []
    for code, (half_spread, adv, depth) in COINS.items():
        reason = f"{CHAIN} has no index: the forward of its nearest expiry"
        row = _asset(code, spot[code], reason, half_spread, adv, depth)
        row["vol_index"] = {"value": round(level[code], 6), "source": f"{DVOL}, {AS_OF[:10]}"}
        rows.append(row)
    for code, (index, reason, half_spread, adv, depth) in OTHERS.items():
        rows.append(_asset(code, index, reason, half_spread, adv, depth))
    rows[len(COINS)]["vol_index"] = {"value": SOL_VOL, "assumed": ILLUSTRATIVE}
    ratio, half_spread, adv, depth = STETH
    reason = "no bundled file has stETH: 0.05 % under the index of ETH"
    rows.append(_asset("stETH", ratio * spot["ETH"], reason, half_spread, adv, depth))
    return rows


def _asset(
    code: str, index: float, reason: str, half_spread: float, adv: float, depth: float
) -> dict[str, object]:
    return {
        "asset": code,
        "index": {"value": round(index, 4), "assumed": reason},
        "low": {"value": round(index * (1.0 - half_spread), 4), "assumed": SPREAD},
        "high": {"value": round(index * (1.0 + half_spread), 4), "assumed": SPREAD},
        "twap": {
            "value": round(index, 4),
            "assumed": "no bundled file has a slow price: the index",
        },
        "assumed": ILLUSTRATIVE,
        "adv": adv,
        "depth": depth,
        "half_spread_frac": half_spread,
        "confidence": {"index": 1.0},
    }


def _perpetuals(spot: dict[str, float]) -> list[dict[str, object]]:
    price = {**spot, "SOL": OTHERS["SOL"][0]}
    return [
        {
            "listing": f"{venue}:{symbol}",
            "mark": {"value": round(price[symbol.partition("/")[0]], 4), "assumed": PERPETUAL},
            "funding_rate_per_hour": {"value": 0.0000125, "assumed": FUNDING},
        }
        for venue, symbols in PERPETUALS.items()
        for symbol in symbols
    ]


def _futures(forwards: dict[tuple[str, str], float]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for venue, (patterns, dates) in FUTURES.items():
        for code in COINS:
            for pattern in patterns:
                for date in dates:
                    mark: dict[str, object] = {"value": forwards[code, date]}
                    if venue == "deribit":
                        mark["derived"] = f"{CHAIN}: underlying price of the options of its expiry"
                    else:
                        mark["assumed"] = ELSEWHERE
                    rows.append({"listing": f"{venue}:{pattern.format(code)}-{date}", "mark": mark})
    return rows


if __name__ == "__main__":
    main()
