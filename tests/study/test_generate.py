from dataclasses import fields
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.domain.instrument import Listing, Option, Right
from crossmargin.domain.universe import build_universe
from crossmargin.study.generate import (
    POSITIONS_MAX,
    POSITIONS_MIN,
    cash_multiple,
    lot_divisor,
    market_book,
    whole_lots,
    with_cash,
)
from tests.study.chain_listings import chain_interest

SEEDS = st.integers(0, 2**64 - 1)
LISTINGS = 220
FIRST_INSTRUMENTS = [31, 80, 139, 141, 157, 158]
FIRST_CONTRACTS = [-20.1, -7.6, 60.0, 60.0, 60.0, -13.3]


@pytest.fixture(scope="module")
def chain():
    return chain_interest()


@pytest.fixture(scope="module")
def lots(chain):
    return whole_lots(chain.open_interest_contracts, chain.lots_per_contract)


def _universe(listings_count):
    return build_universe(
        [
            Listing(
                venue="deribit",
                native_symbol=f"BTC-25DEC26-{1000 + n}-C",
                economic_id=f"BTC/USD:BTC-261225-{1000 + n}-C",
                instrument=Option(
                    underlying="BTC",
                    quote="USD",
                    settle="BTC",
                    inverse=True,
                    expiry_ns=1_798_185_600 * 10**9,
                    strike=Decimal(1000 + n),
                    right=Right.CALL,
                ),
                contract_size=Decimal(1),
            )
            for n in range(listings_count)
        ],
        ["USDC"],
    )


def _small_book(seed, entry_value=None):
    lots, per_contract = np.full(LISTINGS, 600), np.full(LISTINGS, 10)
    universe = _universe(LISTINGS)
    return market_book(universe, lots, per_contract, 50, seed=seed, entry_value=entry_value)


def _sides(book, per_contract):
    """Long and short lots of every listing, which must be whole."""
    positions = book.positions
    held = positions.contracts * per_contract[positions.instrument]
    signed = np.rint(held).astype(np.int64)
    assert np.allclose(held, signed, rtol=1e-15, atol=0.0)
    n = book.universe.listings_count
    long = np.bincount(positions.instrument, np.maximum(signed, 0), n).astype(np.int64)
    short = np.bincount(positions.instrument, np.maximum(-signed, 0), n).astype(np.int64)
    assert np.all(signed != 0)
    return long, short


def _assert_fits(book, lots, lots_per_contract):
    divisor = lot_divisor(book.accounts_count)
    long, short = _sides(book, lots_per_contract * divisor)
    assert np.array_equal(long, lots * divisor)
    assert np.array_equal(short, lots * divisor)
    positions = book.positions
    counts = np.bincount(positions.account, minlength=book.accounts_count)
    assert POSITIONS_MIN <= counts.min() <= counts.max() <= POSITIONS_MAX
    rows = positions.account * book.universe.instruments_count + positions.instrument
    assert np.all(np.diff(rows) > 0)


def test_the_open_interest_of_the_chain_is_whole_in_steps_of_a_tenth_btc_and_one_eth(chain, lots):
    btc = np.array([name.startswith("deribit:BTC") for name in chain.universe.listing_ids])

    assert len(lots) == 1540
    assert np.count_nonzero(lots) == 1267
    assert lots[btc].sum() == 3_251_529
    assert lots[~btc].sum() == 1_521_867


def test_open_interest_finer_than_a_lot_is_refused_by_row():
    with pytest.raises(InputRefused) as refused:
        whole_lots(np.array([1.0, 0.25, np.nan, -3.0]), np.array([10, 10, 10, 1]))

    assert [failure.where for failure in refused.value.failures] == [
        "open_interest_contracts[1]",
        "open_interest_contracts[2]",
        "open_interest_contracts[3]",
    ]


@pytest.mark.parametrize("accounts_count", [213, 1000, 20_000])
def test_longs_and_shorts_of_every_listing_are_its_open_interest(chain, lots, accounts_count):
    book = market_book(chain.universe, lots, chain.lots_per_contract, accounts_count, seed=1)

    _assert_fits(book, lots, chain.lots_per_contract)
    # 6 to 18 in turn: whole turns have 12 each, the rest of a turn at most 21 fewer.
    assert -21 <= len(book.positions.account) - 12 * accounts_count <= 0


def test_above_100000_accounts_a_lot_is_a_tenth_and_the_sums_still_hold(chain, lots):
    book = market_book(chain.universe, lots, chain.lots_per_contract, 100_001, seed=1)

    assert [lot_divisor(n) for n in (100_000, 100_001, 1_000_000, 1_000_001)] == [1, 10, 10, 100]
    _assert_fits(book, lots, chain.lots_per_contract)
    assert np.abs(book.positions.contracts).min() == 0.01


@settings(max_examples=40)
@given(
    open_interest=st.lists(st.integers(0, 5000), min_size=200, max_size=300),
    accounts_count=st.integers(60, 400),
    seed=SEEDS,
)
def test_any_open_interest_that_fits_is_dealt_out_exactly(open_interest, accounts_count, seed):
    lots = np.array(open_interest)
    per_contract = np.full(len(lots), 10)
    try:
        book = market_book(_universe(len(lots)), lots, per_contract, accounts_count, seed=seed)
    except ValueError as refusal:
        assert "does not fit" in str(refusal)  # noqa: PT017 - which sizes fit is the rule's affair
        assume(False)

    _assert_fits(book, lots, per_contract)


@settings(max_examples=10)
@given(seed=SEEDS)
def test_the_same_seed_gives_the_same_book_and_another_seed_another(seed):
    lots = np.arange(LISTINGS) * 100
    per_contract = np.ones(LISTINGS, dtype=np.int64)
    first, second, other = (
        market_book(_universe(LISTINGS), lots, per_contract, 200, seed=s)
        for s in (seed, seed, (seed + 1) % 2**64)
    )

    for field in fields(first.positions):
        one, two = (getattr(book.positions, field.name) for book in (first, second))
        assert one.tobytes() == two.tobytes()
    assert not np.array_equal(first.positions.contracts, other.positions.contracts)


def test_a_book_of_a_fixed_seed_never_changes():
    book = _small_book(2026)
    first = book.positions.account == 0

    assert book.positions.instrument[first].tolist() == FIRST_INSTRUMENTS
    assert book.positions.contracts[first].tolist() == FIRST_CONTRACTS


def test_too_few_accounts_for_the_listings_are_refused_with_what_is_missing(chain, lots):
    with pytest.raises(ValueError, match=r"accounts_count 100 does not fit: .* 1267 instruments"):
        market_book(chain.universe, lots, chain.lots_per_contract, 100, seed=1)


def test_too_many_accounts_for_the_open_interest_are_refused():
    lots_per_contract = np.ones(LISTINGS, dtype=np.int64)

    with pytest.raises(ValueError, match="accounts_count 5000 does not fit"):
        market_book(_universe(LISTINGS), np.full(LISTINGS, 20), lots_per_contract, 5000, seed=1)


def test_arrays_of_another_length_and_accounts_out_of_bounds_are_refused():
    universe, ones = _universe(3), np.ones(3, dtype=np.int64)

    with pytest.raises(ValueError, match="shape"):
        market_book(universe, np.ones(4, dtype=np.int64), ones, 30, seed=1)
    for accounts_count in (0, 10_000_001):
        with pytest.raises(ValueError, match="accounts_count must be in"):
            market_book(universe, ones, ones, accounts_count, seed=1)


def test_the_cost_is_the_entry_value_of_each_contract_and_unknown_without_one():
    entry_value = np.linspace(0.01, 0.2, LISTINGS)
    known = _small_book(4, entry_value)
    unknown = _small_book(4)

    positions = known.positions
    assert np.array_equal(positions.cost, positions.contracts * entry_value[positions.instrument])
    assert np.all(np.isnan(unknown.positions.cost))


def test_columns_cannot_be_written_to():
    book = _small_book(4)
    book = with_cash(book, np.ones(50), cash_asset="USDC", decimals=6, venue="deribit", seed=4)

    for column in (book.positions.contracts, book.owner, book.balances.amount):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 9


def test_one_account_in_a_hundred_has_less_cash_than_its_maintenance():
    multiple = cash_multiple(100_000, 11)

    # 1,000 are expected below 1; six standard deviations are 189.
    assert abs(np.count_nonzero(multiple < 1.0) - 1000) < 189
    assert 0.5 <= multiple.min() < 0.51
    assert 9.9 < multiple.max() < 10.0
    # Among the others utilisation is uniform between 10 % and 100 %.
    assert abs(np.mean(1.0 / multiple[multiple >= 1.0]) - 0.55) < 0.005


def test_cash_is_maintenance_times_its_multiple_in_whole_units():
    book = _small_book(4)
    maintenance = np.linspace(-10.0, 5000.0, 50)
    funded = with_cash(book, maintenance, cash_asset="USDC", decimals=6, venue="deribit", seed=4)

    amount = funded.balances.amount
    assert amount[0] == 0.0
    assert np.max(np.abs(amount[1:] - maintenance[1:] * cash_multiple(50, 4)[1:])) <= 0.5e-6
    assert np.array_equal(np.rint(amount * 1e6) / 1e6, amount)
    assert funded.balances.asset.tolist() == [book.universe.assets.index("USDC")] * 50
    assert funded.balances.places == ("deribit",)
    assert funded.positions is book.positions


def test_maintenance_that_is_missing_or_not_finite_is_refused():
    book = _small_book(4)

    for maintenance in (np.ones(49), np.full(50, np.nan), np.full(50, np.inf)):
        with pytest.raises(ValueError, match="one finite figure per account"):
            with_cash(book, maintenance, cash_asset="USDC", decimals=6, venue="deribit", seed=4)
    with pytest.raises(ValueError, match="cash_asset EUR"):
        with_cash(book, np.ones(50), cash_asset="EUR", decimals=2, venue="deribit", seed=4)
