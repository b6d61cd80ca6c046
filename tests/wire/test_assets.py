from decimal import Decimal

import pytest

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.asset import AssetClass
from crossmargin.domain.instrument import Instrument
from crossmargin.domain.symbol import parse_symbol, resolve_symbol
from crossmargin.wire.assets import bundled_registry, bundled_terms, read_registry, term_of

USD = '{ code = "USD", decimals = 2, class = "fiat" }'


def test_the_bundled_registry_is_free_of_contradictions() -> None:
    registry = bundled_registry()
    assert len(registry.codes()) == 193
    assert len(registry.aliases()) == 60
    assert len(registry.leveraged_tokens()) == 20


@pytest.mark.parametrize(
    ("wrapper", "base"),
    [("stETH", "ETH"), ("wstETH", "ETH"), ("WBTC", "BTC"), ("sUSDe", "USDe"), ("wBETH", "ETH")],
)
def test_a_wrapper_is_an_asset_of_its_own(wrapper: str, base: str) -> None:
    registry = bundled_registry()
    asset = registry.asset(wrapper)
    assert asset.wraps == base
    assert asset.asset_class in (AssetClass.WRAPPED, AssetClass.LIQUID_STAKING)
    assert registry.resolve(wrapper.upper()) == registry.resolve(wrapper) == (asset, 1)


@pytest.mark.parametrize(
    ("name", "code", "multiplier"),
    [
        ("XBT", "BTC", 1),
        ("1000PEPE", "PEPE", 1000),
        ("kPEPE", "PEPE", 1000),
        ("KPEPE", "PEPE", 1000),
        ("SHIB1000", "SHIB", 1000),
        ("1000000MOG", "MOG", 1_000_000),
        ("1MBABYDOGE", "BABYDOGE", 1_000_000),
        ("10000SATS", "SATS", 10_000),
        ("1INCH", "1INCH", 1),
        ("2Z", "2Z", 1),
        ("4", "4", 1),
    ],
)
def test_digits_in_a_name_mean_what_the_registry_says(
    name: str, code: str, multiplier: int
) -> None:
    known = bundled_registry().resolve(name)
    assert known is not None
    assert (known[0].code, known[1]) == (code, multiplier)


def test_every_multiplied_alias_prints_as_a_name_that_resolves_to_itself() -> None:
    registry = bundled_registry()
    for alias in registry.aliases():
        resolved = resolve_symbol(f"{alias.alias}/USDT", registry)
        if isinstance(resolved, Failure):
            assert alias.asset == "USDT"
            continue
        assert resolve_symbol(resolved.economic_id, registry) == resolved


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        (f"asset = [{USD}, {USD}]", Reason.DUPLICATE),
        (f'asset = [{USD}]\nalias = [{{ alias = "X", asset = "Y" }}]', Reason.UNKNOWN_ASSET),
        (f'asset = [{USD}]\nalias = [{{ alias = "USD", asset = "USD" }}]', Reason.DUPLICATE),
        (
            (
                'asset = [{ code = "A", decimals = 8, class = "wrapped", wraps = "B" },'
                ' { code = "B", decimals = 8, class = "wrapped", wraps = "A" }]'
            ),
            Reason.CYCLE,
        ),
        ('asset = [{ code = "A", decimals = 99, class = "coin" }]', Reason.OUT_OF_BOUNDS),
        ('asset = [{ code = "A", decimals = 8, class = "gold" }]', Reason.OUT_OF_BOUNDS),
        ('asset = [{ code = "A", decimals = 8 }]', Reason.MISSING_FIELD),
        ("asset = [", Reason.WRONG_TYPE),
        ("assets = []", Reason.UNKNOWN_FIELD),
        (
            (
                f"asset = [{USD}]\n"
                'leveraged_token = [{ token = "USD3L", underlying = "USD", leverage = "-3" }]'
            ),
            Reason.CONTRADICTION,
        ),
    ],
)
def test_a_faulty_registry_is_refused(toml: str, reason: Reason) -> None:
    with pytest.raises(InputRefused) as refused:
        read_registry(toml.encode(), "assets.toml")
    assert reason in {failure.reason for failure in refused.value.failures}


@pytest.mark.parametrize(
    ("venue", "symbol", "size"),
    [
        ("deribit", "BTC/USD:BTC", "1"),
        ("deribit", "BTC/USD:BTC-261225-100000-C", "1"),
        ("okx", "BTC/USDT:USDT", "0.01"),
        ("okx", "BTC/USD:BTC", "100"),
        ("okx", "ETH/USD:ETH", "10"),
        ("okx", "BTC/USD:BTC-261225-100000-C", "0.01"),
        ("binance", "BTC/USD:BTC", "100"),
        ("binance", "ETH/USD:ETH-261225", "10"),
        ("bybit", "ETH/USD:ETH", "1"),
        ("hyperliquid", "SOL/USDC:USDC", "1"),
    ],
)
def test_a_contract_has_the_size_its_venue_gives_it(venue: str, symbol: str, size: str) -> None:
    term = term_of(venue, _instrument(symbol), bundled_terms())
    assert term is not None
    assert term.contract_size == Decimal(size)


@pytest.mark.parametrize(
    ("venue", "symbol"),
    [("okx", "LTC/USDT:USDT"), ("kraken", "BTC/USD:BTC"), ("hyperliquid", "PURR/USDC")],
)
def test_no_contract_size_is_invented(venue: str, symbol: str) -> None:
    assert term_of(venue, _instrument(symbol), bundled_terms()) is None


def _instrument(symbol: str) -> Instrument:
    instrument = parse_symbol(symbol)
    assert not isinstance(instrument, Failure)
    return instrument
