"""ccxt unified symbols, read and printed: BTC/USDT, BTC/USDT:USDT, BTC/USD:BTC-261225-100000-C."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

from crossmargin.base.exact import decimal_text
from crossmargin.base.failure import Failure, Reason
from crossmargin.base.instant import NS_PER_DAY, instant_text, parse_instant
from crossmargin.domain.asset import AssetRegistry
from crossmargin.domain.instrument import Future, Instrument, Option, Perpetual, Right, Spot

EXPIRY_TIME = "08:00:00"
"""UTC time at which dated contracts of the crypto venues expire; a listing may state another."""

_CODE = "[A-Za-z0-9]{1,24}"
_NUMBER = r"(?:0|[1-9][0-9]{0,23})(?:\.[0-9]{1,30})?"
_SYMBOL = re.compile(
    rf"({_CODE})/({_CODE})(?::({_CODE})(?:-([0-9]{{6}})(?:-({_NUMBER})-([CP]))?)?)?\Z", re.ASCII
)
_ONE = Decimal(1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedSymbol:
    """A symbol whose names are canonical assets.

    `multiplier` coins of the underlying make one quoted unit. `economic_id` is the one spelling of
    the symbol: XBT/USD:XBT gives BTC/USD:BTC, and SHIB1000 gives 1000SHIB.
    """

    instrument: Instrument
    multiplier: Decimal
    economic_id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The parts of a symbol as written."""

    base: str
    quote: str
    settle: str | None
    expiry_ns: int | None
    strike: Decimal | None
    right: Right | None


def parse_symbol(text: str, where: str = "symbol") -> Instrument | Failure:
    """Unified symbol -> instrument whose names are as written (aliases and tokens not resolved).

    Settled in its quote it is linear, in its base inverse; anything else is a quanto contract and
    refused. A date means 08:00 UTC of that day.
    """
    parts = _split(text, where)
    return parts if isinstance(parts, Failure) else _instrument(parts, where)


def print_symbol(instrument: Instrument, multiplier: Decimal = _ONE) -> str:
    """Instrument -> unified symbol; with a `multiplier` the base is printed as 1000PEPE."""
    base = quoted_name(instrument.underlying, multiplier)
    match instrument:
        case Spot(leverage=leverage) if leverage != _ONE:
            return f"{token_name(instrument.underlying, leverage)}/{instrument.quote}"
        case Spot():
            return f"{base}/{instrument.quote}"
        case Perpetual(quote=quote, settle=settle):
            return f"{base}/{quote}:{settle}"
        case Future(quote=quote, settle=settle, expiry_ns=expiry_ns):
            return f"{base}/{quote}:{settle}-{expiry_date(expiry_ns)}"
        case Option(quote=quote, settle=settle, expiry_ns=expiry_ns):
            letter = "C" if instrument.right is Right.CALL else "P"
            strike = decimal_text(instrument.strike)
            return f"{base}/{quote}:{settle}-{expiry_date(expiry_ns)}-{strike}-{letter}"


def resolve_symbol(
    text: str, registry: AssetRegistry, where: str = "symbol"
) -> ResolvedSymbol | Failure:
    """Unified symbol -> instrument of canonical assets, multiplier, spelling; or what is unknown.

    Only the registry knows that 1000PEPE is 1,000 PEPE and 1INCH one 1INCH, and which names are
    leveraged tokens: nothing is guessed from digits or letters.
    """
    parts = _split(text, where)
    if isinstance(parts, Failure):
        return parts
    token = registry.leveraged_token(parts.base)
    if token is not None and parts.settle is not None:
        return Failure(
            Reason.UNSUPPORTED, where, f"a derivative of the leveraged token {token.token}"
        )
    base = registry.resolve(token.underlying if token else parts.base)
    if base is None:
        return _unknown(parts.base, where)
    names: dict[str, str] = {}
    for role, name in (("quote", parts.quote), ("settle", parts.settle)):
        if name is None:
            continue
        known = registry.resolve(name)
        if known is None:
            return _unknown(name, where)
        if known[1] != _ONE:
            return Failure(Reason.UNSUPPORTED, where, f"{role} in {name}, which is not one coin")
        names[role] = known[0].code
    canonical = replace(
        parts, base=base[0].code, quote=names["quote"], settle=names.get("settle", parts.settle)
    )
    instrument = _instrument(canonical, where)
    if isinstance(instrument, Failure):
        return instrument
    if token is not None and isinstance(instrument, Spot):
        instrument = replace(instrument, leverage=token.leverage)
    return ResolvedSymbol(
        instrument=instrument,
        multiplier=base[1],
        economic_id=print_symbol(instrument, base[1]),
    )


def quoted_name(code: str, multiplier: Decimal) -> str:
    """The name under which `multiplier` coins are quoted as one unit: 1000PEPE."""
    return code if multiplier == _ONE else f"{decimal_text(multiplier)}{code}"


def token_name(underlying: str, leverage: Decimal) -> str:
    """The name of a leveraged token: BTC3L for 3, BTC3S for -3."""
    return f"{underlying}{decimal_text(abs(leverage))}{'L' if leverage > 0 else 'S'}"


def expiry_date(expiry_ns: int) -> str:
    """Nanoseconds -> the yymmdd of a symbol (the UTC date)."""
    return instant_text(expiry_ns - expiry_ns % NS_PER_DAY)[2:10].replace("-", "")


def expiry_of_date(year: int, month: int, day: int) -> int | None:
    """A calendar date -> its 08:00 UTC in nanoseconds, or None when there is no such date."""
    return parse_instant(f"{year:04d}-{month:02d}-{day:02d}T{EXPIRY_TIME}Z")


def _split(text: str, where: str) -> _Parts | Failure:
    if not text.isascii():
        odd = next(character for character in text if not character.isascii())
        return Failure(
            Reason.LOOK_ALIKE, where, f"U+{ord(odd):04X} in a symbol is not an ASCII character"
        )
    match = _SYMBOL.match(text)
    if match is None:
        return Failure(
            Reason.UNKNOWN_SYMBOL,
            where,
            f"{text[:64]!r} is not a unified symbol such as BTC/USD:BTC-261225-100000-C",
        )
    base, quote, settle, date, strike, letter = match.groups()
    expiry_ns = None
    if date is not None:
        expiry_ns = expiry_of_date(2000 + int(date[:2]), int(date[2:4]), int(date[4:]))
        if expiry_ns is None:
            return Failure(Reason.UNKNOWN_SYMBOL, where, f"{text!r}: {date} is no date (yymmdd)")
    if strike is not None and Decimal(strike) == 0:
        return Failure(Reason.OUT_OF_BOUNDS, where, f"{text!r}: a strike must be above zero")
    return _Parts(
        base=base,
        quote=quote,
        settle=settle,
        expiry_ns=expiry_ns,
        strike=None if strike is None else Decimal(strike),
        right=None if letter is None else Right.CALL if letter == "C" else Right.PUT,
    )


def _instrument(parts: _Parts, where: str) -> Instrument | Failure:
    base, quote, settle = parts.base, parts.quote, parts.settle
    if base == quote:
        return Failure(Reason.CONTRADICTION, where, f"{base} against itself")
    if settle is None:
        return Spot(underlying=base, quote=quote)
    if settle not in (base, quote):
        return Failure(
            Reason.UNSUPPORTED,
            where,
            f"settled in {settle}, neither {base} nor {quote}: a quanto contract",
        )
    inverse = settle == base
    if parts.expiry_ns is None:
        return Perpetual(underlying=base, quote=quote, settle=settle, inverse=inverse)
    if parts.strike is None or parts.right is None:
        return Future(
            underlying=base,
            quote=quote,
            settle=settle,
            inverse=inverse,
            expiry_ns=parts.expiry_ns,
        )
    return Option(
        underlying=base,
        quote=quote,
        settle=settle,
        inverse=inverse,
        expiry_ns=parts.expiry_ns,
        strike=parts.strike,
        right=parts.right,
    )


def _unknown(name: str, where: str) -> Failure:
    return Failure(Reason.UNKNOWN_ASSET, where, f"{name} is neither an asset nor an alias")
