from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import Failure, Reason
from crossmargin.base.instant import NS_PER_DAY, parse_instant
from crossmargin.domain.asset import Alias, Asset, AssetClass, AssetRegistry, LeveragedToken
from crossmargin.domain.instrument import Future, Instrument, Option, Perpetual, Right, Spot
from crossmargin.domain.symbol import parse_symbol, print_symbol, resolve_symbol

DEC_2026 = parse_instant("2026-12-25T08:00:00Z")
REGISTRY = AssetRegistry(
    [
        Asset(code=code, decimals=8, asset_class=AssetClass.COIN)
        for code in ("BTC", "ETH", "PEPE", "SHIB", "1INCH", "USD", "USDT", "stETH")
    ],
    [
        Alias(alias="XBT", asset="BTC"),
        Alias(alias="STETH", asset="stETH"),
        Alias(alias="1000PEPE", asset="PEPE", multiplier=Decimal(1000)),
        Alias(alias="kPEPE", asset="PEPE", multiplier=Decimal(1000)),
        Alias(alias="SHIB1000", asset="SHIB", multiplier=Decimal(1000)),
        Alias(alias="1000SHIB", asset="SHIB", multiplier=Decimal(1000)),
    ],
    [LeveragedToken(token="BTC3S", underlying="BTC", leverage=Decimal(-3))],
)


@pytest.mark.parametrize(
    ("text", "instrument"),
    [
        ("BTC/USDT", Spot(underlying="BTC", quote="USDT")),
        (
            "BTC/USDT:USDT",
            Perpetual(underlying="BTC", quote="USDT", settle="USDT", inverse=False),
        ),
        ("BTC/USD:BTC", Perpetual(underlying="BTC", quote="USD", settle="BTC", inverse=True)),
        (
            "BTC/USD:BTC-261225",
            Future(
                underlying="BTC", quote="USD", settle="BTC", inverse=True, expiry_ns=DEC_2026 or 0
            ),
        ),
        (
            "BTC/USD:BTC-261225-100000-C",
            Option(
                underlying="BTC",
                quote="USD",
                settle="BTC",
                inverse=True,
                expiry_ns=DEC_2026 or 0,
                strike=Decimal(100000),
                right=Right.CALL,
            ),
        ),
        (
            "XRP/USDC:USDC-261225-0.55-P",
            Option(
                underlying="XRP",
                quote="USDC",
                settle="USDC",
                inverse=False,
                expiry_ns=DEC_2026 or 0,
                strike=Decimal("0.55"),
                right=Right.PUT,
            ),
        ),
    ],
)
def test_a_unified_symbol_is_read_and_printed_the_same(text: str, instrument: Instrument) -> None:
    assert parse_symbol(text) == instrument
    assert print_symbol(instrument) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.UNKNOWN_SYMBOL),
        ("BTCUSDT", Reason.UNKNOWN_SYMBOL),
        ("BTC/USDT:", Reason.UNKNOWN_SYMBOL),
        ("btc usdt", Reason.UNKNOWN_SYMBOL),
        ("BTC/USDT:USDT-260230", Reason.UNKNOWN_SYMBOL),
        ("BTC/USDT:USDT-261225-0100-C", Reason.UNKNOWN_SYMBOL),
        ("BTC/USDT:USDT-261225-1e5-C", Reason.UNKNOWN_SYMBOL),
        ("BTC/USDT:USDT-261225-100000-X", Reason.UNKNOWN_SYMBOL),
        ("BTC/USDT:USDT-261225-" + "9" * 5000 + "-C", Reason.UNKNOWN_SYMBOL),
        ("BTC/USDT:USDT-261225-0-C", Reason.OUT_OF_BOUNDS),
        ("BTC/USDT\n", Reason.UNKNOWN_SYMBOL),
        ("BTC/USDT:USDT-٢٦١٢٢٥", Reason.LOOK_ALIKE),
        ("ВТС/USDT", Reason.LOOK_ALIKE),
        ("ETH/USD:BTC", Reason.UNSUPPORTED),
        ("BTC/BTC", Reason.CONTRADICTION),
    ],
)
def test_what_is_not_a_symbol_is_a_failure_with_its_reason(text: str, reason: Reason) -> None:
    refused = parse_symbol(text, "positions[0].listing")
    assert isinstance(refused, Failure)
    assert (refused.reason, refused.where) == (reason, "positions[0].listing")


codes = st.from_regex(r"[A-Za-z0-9]{1,10}", fullmatch=True)
expiries = st.integers(min_value=15_000, max_value=47_000).map(
    lambda day: day * NS_PER_DAY + NS_PER_DAY // 3
)
strikes = st.decimals(min_value="0.0001", max_value="9999999", places=4)


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    base, quote = draw(st.tuples(codes, codes).filter(lambda pair: pair[0] != pair[1]))
    inverse = draw(st.booleans())
    settle = base if inverse else quote
    match draw(st.integers(0, 3)):
        case 0:
            return Spot(underlying=base, quote=quote)
        case 1:
            return Perpetual(underlying=base, quote=quote, settle=settle, inverse=inverse)
        case 2:
            return Future(
                underlying=base,
                quote=quote,
                settle=settle,
                inverse=inverse,
                expiry_ns=draw(expiries),
            )
        case _:
            return Option(
                underlying=base,
                quote=quote,
                settle=settle,
                inverse=inverse,
                expiry_ns=draw(expiries),
                strike=draw(strikes),
                right=draw(st.sampled_from(Right)),
            )


@settings(max_examples=200)
@given(instruments())
def test_every_printed_symbol_reads_back_as_the_same_instrument(instrument: Instrument) -> None:
    assert parse_symbol(print_symbol(instrument)) == instrument


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_any_text_is_a_symbol_or_a_failure_and_never_an_exception(text: str) -> None:
    read = parse_symbol(text)
    if not isinstance(read, Failure):
        again = parse_symbol(print_symbol(read))
        assert again == read


def test_names_become_canonical_and_multipliers_are_kept() -> None:
    thousand = resolve_symbol("1000PEPE/USDT:USDT", REGISTRY)
    other = resolve_symbol("kPEPE/USDT:USDT", REGISTRY)
    single = resolve_symbol("PEPE/USDT:USDT", REGISTRY)
    assert not isinstance(thousand, Failure)
    assert not isinstance(single, Failure)
    assert thousand == other
    assert thousand.instrument == single.instrument
    assert (thousand.multiplier, single.multiplier) == (1000, 1)
    assert thousand.economic_id == "1000PEPE/USDT:USDT"
    assert single.economic_id == "PEPE/USDT:USDT"


@pytest.mark.parametrize(
    ("text", "economic_id"),
    [
        ("XBT/USD:XBT", "BTC/USD:BTC"),
        ("XBT/USD:BTC-261225", "BTC/USD:BTC-261225"),
        ("SHIB1000/USDT:USDT", "1000SHIB/USDT:USDT"),
        ("STETH/ETH", "stETH/ETH"),
        ("1INCH/USDT:USDT", "1INCH/USDT:USDT"),
        ("BTC3S/USDT", "BTC3S/USDT"),
    ],
)
def test_an_economic_id_is_the_one_spelling_and_resolves_to_itself(
    text: str, economic_id: str
) -> None:
    resolved = resolve_symbol(text, REGISTRY)
    assert not isinstance(resolved, Failure)
    assert resolved.economic_id == economic_id
    assert resolve_symbol(economic_id, REGISTRY) == resolved


def test_a_leveraged_token_is_spot_of_its_underlying_with_its_factor() -> None:
    resolved = resolve_symbol("BTC3S/USDT", REGISTRY)
    assert not isinstance(resolved, Failure)
    assert resolved.instrument == Spot(underlying="BTC", quote="USDT", leverage=Decimal(-3))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ETH3L/USDT", Reason.UNKNOWN_ASSET),
        ("1000ETH/USDT:USDT", Reason.UNKNOWN_ASSET),
        ("BTC/FOO:FOO", Reason.UNKNOWN_ASSET),
        ("BTC/kPEPE", Reason.UNSUPPORTED),
        ("BTC3S/USDT:USDT", Reason.UNSUPPORTED),
    ],
)
def test_a_name_is_never_guessed(text: str, reason: Reason) -> None:
    refused = resolve_symbol(text, REGISTRY)
    assert isinstance(refused, Failure)
    assert refused.reason is reason
