from decimal import Decimal

from crossmargin.domain.account import MarginMode, NettingOpinion
from crossmargin.domain.holding import BalanceState
from crossmargin.domain.netting_lint import netting_failures
from tests.examples.fund_files import coins, contracts, fund, market


def test_the_fund_and_its_vehicle_hold_accounts_at_five_venues():
    book = fund()

    assert sorted(book.entities) == ["example-fund", "example-spv"]
    assert {account.venue for account in book.accounts.values()} == {
        "binance",
        "bybit",
        "deribit",
        "hyperliquid",
        "okx",
    }
    assert {account.entity_id for account in book.accounts.values()} == set(book.entities)


def test_the_tree_has_sub_accounts_and_one_isolated_bucket():
    accounts = fund().accounts

    parents = {x: row.parent_id for x, row in accounts.items() if row.parent_id}
    assert parents == {
        "deribit-yield": "deribit-main",
        "binance-coin": "binance-main",
        "bybit-eth-isolated": "bybit-main",
    }
    isolated = [x for x, row in accounts.items() if row.mode is MarginMode.ISOLATED]
    assert isolated == ["bybit-eth-isolated"]


def test_one_netting_set_has_an_opinion_and_no_set_breaks_the_lint():
    book = fund()

    enforceable = [
        name
        for name, row in book.netting_sets.items()
        if row.close_out_netting_opinion is NettingOpinion.YES
    ]
    assert enforceable == ["fund-at-deribit"]
    assert netting_failures(book.netting_sets, book.accounts, book.entities) == ()


def test_every_account_names_its_rulebook():
    assert {x: row.recipe for x, row in fund().accounts.items()} == {
        "deribit-main": "deribit-portfolio",
        "deribit-yield": "deribit-standard",
        "okx-main": "cross-tiered",
        "binance-main": "cross-tiered",
        "binance-coin": "binance-coinm",
        "bybit-main": "cross-tiered",
        "bybit-eth-isolated": "isolated-tiered",
        "hyperliquid-main": "hyperliquid",
        "deribit-spv": "deribit-standard",
    }


def test_the_market_has_a_price_for_everything_that_is_held_or_ordered():
    book, snapshot = fund(), market().snapshot
    held = {row.listing_id for row in (*book.positions, *book.orders)}
    owned = {row.asset for row in (*book.balances, *book.loans)}

    for listing_id in held:
        quote = snapshot.listings[listing_id]
        assert quote.mark is not None or quote.vol is not None, listing_id
    for asset in owned:
        assert snapshot.assets[asset].index is not None, asset


def test_staked_ether_is_hedged_by_short_perpetuals_at_two_other_venues():
    shorts = contracts("binance-main", "ETH/USDT:USDT") + contracts(
        "hyperliquid-main", "ETH/USDC:USDC"
    )

    assert coins("bybit-main", "stETH") + shorts == 0


def test_a_long_perpetual_stands_against_a_short_dated_future_of_another_venue():
    long_coins = contracts("okx-main", "BTC/USDT:USDT") * Decimal("0.01")
    short_dollars = contracts("deribit-main", "BTC/USD:BTC-261225")
    mark = market().snapshot.listings["deribit:BTC/USD:BTC-261225"].mark

    # The contract trades in steps of 10 dollars, so the legs agree to less than one step.
    assert abs(float(long_coins) * mark.value + float(short_dollars)) < 10


def test_a_long_perpetual_stands_against_a_short_one_of_another_venue():
    assert (
        contracts("bybit-main", "BTC/USDT:USDT") + contracts("hyperliquid-main", "BTC/USDC:USDC")
        == 0
    )


def test_calls_are_covered_by_coins_of_the_same_account():
    assert coins("deribit-main", "BTC") >= -contracts("deribit-main", "BTC/USD:BTC-261225-80000-C")
    assert coins("deribit-spv", "ETH") >= -contracts("deribit-spv", "ETH/USD:ETH-261225-2500-C")


def test_the_put_spread_is_long_the_higher_strike_and_short_as_many_of_the_lower():
    bought = contracts("deribit-main", "BTC/USD:BTC-260925-60000-P")
    sold = contracts("deribit-main", "BTC/USD:BTC-260925-54000-P")

    assert bought == -sold == 40


def test_the_strangle_is_short_on_both_sides_of_the_forward():
    call = contracts("deribit-yield", "ETH/USD:ETH-260828-2200-C")
    put = contracts("deribit-yield", "ETH/USD:ETH-260828-1650-P")
    forward = market().snapshot.listings["deribit:ETH/USD:ETH-260828"].mark

    assert call == put == -400
    assert 1650 < forward.value < 2200


def test_a_coin_hedged_by_its_inverse_perpetual_stays_above_the_hedge():
    dollars = contracts("binance-coin", "BTC/USD:BTC") * 100
    index = market().snapshot.assets["BTC"].index

    assert float(coins("binance-coin", "BTC")) * index.value + float(dollars) > 0


def test_collateral_is_kept_at_named_places_and_one_part_is_on_its_way():
    places = {(row.account_id, row.asset): row for row in fund().balances}

    staked = places["bybit-main", "stETH"].location
    assert (staked.chain, staked.custodian) == ("ethereum", "example-custodian")
    moving = [row for row in fund().balances if row.state is BalanceState.IN_TRANSIT]
    assert [(row.account_id, row.asset, row.location.bridge) for row in moving] == [
        ("hyperliquid-main", "USDC", "hyperliquid-bridge")
    ]
    assert {"USDC", "USDT", "USDe", "stETH"} <= {row.asset for row in fund().balances}


def test_the_dollars_borrowed_are_less_than_the_collateral_beside_them():
    (loan,) = fund().loans
    index = market().snapshot.assets["stETH"].index

    assert (loan.account_id, loan.asset) == ("bybit-main", "USDT")
    owed = Decimal(loan.amount_units + loan.interest_units).scaleb(-6)
    assert float(owed) < float(coins("bybit-main", "stETH")) * index.value


def test_what_a_venue_reports_names_its_source():
    reports = fund().reports

    # The COIN-M position message has no margin figures of the venue's own.
    assert set(fund().accounts) - set(reports) == {"binance-coin"}
    for report in reports.values():
        assert {"initial", "maintenance"} <= report.figures.keys()
        assert report.source.startswith("illustrative") or "2026-08-08" in report.source
