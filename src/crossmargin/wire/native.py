"""The names that six venues give their instruments, as ccxt unified symbols and back."""

import re
from decimal import Decimal
from enum import StrEnum
from typing import final

from crossmargin.base.exact import decimal_text
from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.instrument import Future, Instrument, Option, Perpetual, Right, Spot
from crossmargin.domain.symbol import expiry_date, print_symbol, quoted_name, token_name

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

SPOT_QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDE", "USD1", "USD", "EUR", "GBP", "TRY",
               "BRL", "BTC", "ETH", "BNB")  # fmt: skip
LINEAR_QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "BTC")

_DAY = r"([0-9]{1,2})([A-Z]{3})([0-9]{2})"
_STRIKE = r"([0-9]+(?:[.d][0-9]+)?)"
_DERIBIT = re.compile(
    rf"([A-Z0-9]+)(?:_([A-Z0-9]+))?(?:-(?:(PERPETUAL)|{_DAY}(?:-{_STRIKE}-([CP]))?))?\Z", re.ASCII
)
_OKX = re.compile(
    rf"([A-Z0-9]+)-([A-Z0-9]+)(?:-(?:(SWAP)|([0-9]{{6}})(?:-{_STRIKE}-([CP]))?))?\Z", re.ASCII
)
_BINANCE = re.compile(r"([A-Z0-9]+?)(?:_(PERP|[0-9]{6}))?\Z", re.ASCII)
_BINANCE_OPTION = re.compile(rf"([A-Z0-9]+)-([0-9]{{6}})-{_STRIKE}-([CP])\Z", re.ASCII)
_BYBIT = re.compile(rf"([A-Z0-9]+)(?:-{_DAY}(?:-{_STRIKE}-([CP])(?:-(USDT|USDC))?)?)?\Z", re.ASCII)
_DYDX = re.compile(r"([A-Z0-9]+)-USD\Z", re.ASCII)
_HYPERLIQUID = re.compile(r"([A-Za-z0-9]+)(?:/([A-Z0-9]+))?\Z", re.ASCII)

_NATIVE_BASE = {("bybit", "1000SHIB"): "SHIB1000", ("binance", "1000000BABYDOGE"): "1MBABYDOGE"}


@final
class Market(StrEnum):
    """Where at a venue a name is looked up: BTCUSDT is one thing in spot, another in linear."""

    SPOT = "spot"
    LINEAR = "linear"
    INVERSE = "inverse"
    OPTION = "option"


VENUES = ("binance", "bybit", "deribit", "dydx", "hyperliquid", "okx")
"""The venues whose own names are known."""


def unified_of_native(venue: str, name: str, market: Market | None, where: str) -> str | Failure:
    """A venue's own instrument name -> unified symbol with the venue's spelling of the assets.

    `market` is needed where the name alone does not tell (Binance and Bybit: BTCUSDT). Names that
    say nothing (Hyperliquid's @107), combinations and unknown forms are failures.
    """
    if not name.isascii():
        odd = next(character for character in name if not character.isascii())
        return Failure(
            Reason.LOOK_ALIKE, where, f"U+{ord(odd):04X} in a symbol is not an ASCII character"
        )
    match venue:
        case "deribit":
            unified = _of_deribit(name)
        case "okx":
            unified = _of_okx(name)
        case "binance":
            unified = _of_binance(name, market)
        case "bybit":
            unified = _of_bybit(name, market)
        case "dydx":
            unified = _of_dydx(name)
        case "hyperliquid":
            unified = _of_hyperliquid(name)
        case _:
            return Failure(
                Reason.UNSUPPORTED, where, f"the native names of {venue!r} are not known"
            )
    if unified is not None:
        return unified
    place = "" if market is None else f" in its {market.value} market"
    return Failure(
        Reason.UNKNOWN_SYMBOL, where, f"{name[:64]!r} is not a name that {venue} gives{place}"
    )


def unified_of_pair(name: str, market: Market) -> str | None:
    """Base and quote in one word (BTCUSDT) -> unified symbol, None without a known quote."""
    quotes = SPOT_QUOTES if market is Market.SPOT else LINEAR_QUOTES
    pair = _cut(name, quotes if market is not Market.INVERSE else ("USD",))
    if pair is None:
        return None
    base, quote = pair
    match market:
        case Market.SPOT:
            return f"{base}/{quote}"
        case Market.LINEAR:
            return f"{base}/{quote}:{quote}"
        case Market.INVERSE:
            return f"{base}/{quote}:{base}"
        case Market.OPTION:
            return None


def native_of_instrument(venue: str, instrument: Instrument, multiplier: Decimal) -> str:
    """Instrument -> the venue's own name; the unified symbol where its names are not known."""
    if isinstance(instrument, Spot) and instrument.leverage != 1:
        base = token_name(instrument.underlying, instrument.leverage)
    else:
        quoted = quoted_name(instrument.underlying, multiplier)
        base = _NATIVE_BASE.get((venue, quoted), quoted)
    match venue:
        case "deribit":
            return _deribit_name(base, instrument)
        case "okx":
            return _okx_name(base, instrument)
        case "binance":
            return _binance_name(base, instrument)
        case "bybit":
            return _bybit_name(base, instrument)
        case "dydx" if isinstance(instrument, Perpetual):
            return f"{base}-USD"
        case "hyperliquid" if isinstance(instrument, Perpetual):
            return f"k{base[4:]}" if multiplier == 1000 else base
        case _:
            return print_symbol(instrument, multiplier)


def _of_deribit(name: str) -> str | None:
    match = _DERIBIT.match(name)
    if match is None:
        return None
    base, quote, perpetual, day, month, year, strike, right = match.groups()
    pair = f"{base}/{quote}:{quote}" if quote else f"{base}/USD:{base}"
    if perpetual:
        return pair
    if day is None:
        return f"{base}/{quote}" if quote else None
    return _dated(pair, _date_code(day, month, year), strike, right)


def _of_okx(name: str) -> str | None:
    match = _OKX.match(name)
    if match is None:
        return None
    base, quote, swap, date, strike, right = match.groups()
    pair = f"{base}/{quote}:{base if quote == 'USD' else quote}"
    if swap:
        return pair
    return f"{base}/{quote}" if date is None else _dated(pair, date, strike, right)


def _of_binance(name: str, market: Market | None) -> str | None:
    option = _BINANCE_OPTION.match(name)
    if option is not None and market in (None, Market.OPTION):
        base, date, strike, right = option.groups()
        return _dated(f"{base}/USDT:USDT", date, strike, right)
    match = _BINANCE.match(name)
    if match is None:
        return None
    joined, tail = match.groups()
    if market is None and tail is not None:
        market = Market.INVERSE if joined.endswith("USD") else Market.LINEAR
    inverse = market is Market.INVERSE
    if market is None or (inverse and tail is None) or (tail == "PERP" and not inverse):
        return None
    pair = unified_of_pair(joined, market)
    if tail is None or tail == "PERP" or pair is None:
        return pair
    return None if market is Market.SPOT else _dated(pair, tail, None, None)


def _of_bybit(name: str, market: Market | None) -> str | None:
    match = _BYBIT.match(name)
    if match is None:
        return None
    joined, day, month, year, strike, right, settle = match.groups()
    date = None if day is None else _date_code(day, month, year)
    if strike is not None:
        quote = settle or "USDC"
        return _dated(f"{joined}/{quote}:{quote}", date, strike, right)
    if market is None and joined.endswith("USD"):
        market = Market.INVERSE
    if joined.endswith("PERP") and day is None and market in (None, Market.LINEAR):
        return f"{joined[:-4]}/USDC:USDC" if joined[:-4] else None
    if market in (None, Market.OPTION) or (market is Market.SPOT and day is not None):
        return None
    pair = unified_of_pair(joined, market)
    if day is None:
        return pair
    if pair is None and market is Market.LINEAR:
        pair = f"{joined}/USDC:USDC"
    return None if pair is None else _dated(pair, date, None, None)


def _of_dydx(name: str) -> str | None:
    match = _DYDX.match(name)
    return None if match is None else f"{match.group(1)}/USDC:USDC"


def _of_hyperliquid(name: str) -> str | None:
    match = _HYPERLIQUID.match(name)
    if match is None:
        return None
    base, quote = match.groups()
    return f"{base}/{quote}" if quote else f"{base}/USDC:USDC"


def _cut(joined: str, quotes: tuple[str, ...]) -> tuple[str, str] | None:
    for quote in quotes:
        if joined.endswith(quote) and len(joined) > len(quote):
            return joined.removesuffix(quote), quote
    return None


def _date_code(day: str, month: str, year: str) -> str | None:
    if month not in MONTHS:
        return None
    return f"{year}{MONTHS.index(month) + 1:02d}{int(day):02d}"


def _dated(pair: str, date: str | None, strike: str | None, right: str | None) -> str | None:
    if date is None:
        return None
    return (
        f"{pair}-{date}" if strike is None else f"{pair}-{date}-{strike.replace('d', '.')}-{right}"
    )


def _day_name(expiry_ns: int) -> str:
    date = expiry_date(expiry_ns)
    return f"{int(date[4:])}{MONTHS[int(date[2:4]) - 1]}{date[:2]}"


def _strike_tail(option: Option) -> str:
    return f"{decimal_text(option.strike)}-{'C' if option.right is Right.CALL else 'P'}"


def _deribit_name(base: str, instrument: Instrument) -> str:
    quote = instrument.quote
    stem = base if not isinstance(instrument, Spot) and instrument.inverse else f"{base}_{quote}"
    match instrument:
        case Spot():
            return stem
        case Perpetual():
            return f"{stem}-PERPETUAL"
        case Future(expiry_ns=expiry_ns):
            return f"{stem}-{_day_name(expiry_ns)}"
        case Option(expiry_ns=expiry_ns):
            return f"{stem}-{_day_name(expiry_ns)}-{_strike_tail(instrument).replace('.', 'd')}"


def _okx_name(base: str, instrument: Instrument) -> str:
    stem = f"{base}-{instrument.quote}"
    match instrument:
        case Spot():
            return stem
        case Perpetual():
            return f"{stem}-SWAP"
        case Future(expiry_ns=expiry_ns):
            return f"{stem}-{expiry_date(expiry_ns)}"
        case Option(expiry_ns=expiry_ns):
            return f"{stem}-{expiry_date(expiry_ns)}-{_strike_tail(instrument)}"


def _binance_name(base: str, instrument: Instrument) -> str:
    stem = f"{base}{instrument.quote}"
    match instrument:
        case Spot():
            return stem
        case Perpetual(inverse=inverse):
            return f"{stem}_PERP" if inverse else stem
        case Future(expiry_ns=expiry_ns):
            return f"{stem}_{expiry_date(expiry_ns)}"
        case Option(expiry_ns=expiry_ns):
            return f"{base}-{expiry_date(expiry_ns)}-{_strike_tail(instrument)}"


def _bybit_name(base: str, instrument: Instrument) -> str:
    quote = instrument.quote
    match instrument:
        case Spot():
            return f"{base}{quote}"
        case Perpetual():
            return f"{base}PERP" if quote == "USDC" else f"{base}{quote}"
        case Future(expiry_ns=expiry_ns):
            stem = base if quote == "USDC" else f"{base}{quote}"
            return f"{stem}-{_day_name(expiry_ns)}"
        case Option(expiry_ns=expiry_ns):
            tail = "" if quote == "USDC" else f"-{quote}"
            return f"{base}-{_day_name(expiry_ns)}-{_strike_tail(instrument)}{tail}"
