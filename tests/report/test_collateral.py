from dataclasses import replace
from decimal import Decimal

from crossmargin.domain.asset import Asset, AssetClass
from crossmargin.domain.book import Book
from crossmargin.domain.holding import Balance, Loan, Location
from crossmargin.report.collateral import collateral_rows, credit_by_asset
from tests.report.statements import node, rows_of_silos, sample_statement

DOLLARS = {"USDC": 1.0, "BTC": 60_000.0}


def book() -> Book:
    def balance(asset: str, units: int, **place: str) -> Balance:
        return Balance(
            account_id="deribit-options",
            asset=asset,
            amount_units=units,
            location=Location(venue="deribit", **place),
        )

    coins = {"USDC": 6, "BTC": 8, "PURR": 5}
    return Book(
        entities={},
        accounts={},
        netting_sets={},
        assets={
            code: Asset(code=code, decimals=decimals, asset_class=AssetClass.COIN)
            for code, decimals in coins.items()
        },
        listings={},
        positions=(),
        balances=(
            balance("USDC", 200_000_000_000),
            balance("USDC", 100_000_000_000, chain="ethereum"),
            balance("BTC", 350_000_000),
            balance("PURR", 100_000),
        ),
        loans=(
            Loan(
                loan_id="l",
                account_id="deribit-options",
                asset="BTC",
                amount_units=50_000_000,
                interest_units=1,
            ),
        ),
        orders=(),
        reports={},
    )


def test_balances_of_an_asset_are_one_row_less_what_is_owed() -> None:
    rows = {row.asset: row for row in collateral_rows(sample_statement(), book(), DOLLARS)}
    assert rows["USDC"].amount == Decimal(300_000)
    assert rows["USDC"].place == "deribit, ethereum"
    assert rows["USDC"].credit == Decimal(300_000)
    assert rows["BTC"].amount == Decimal("2.99999999")
    assert rows["BTC"].value == Decimal("179999.9994")
    assert rows["BTC"].place == "deribit, loan"


def test_an_asset_without_a_price_has_no_value() -> None:
    rows = {row.asset: row for row in collateral_rows(sample_statement(), book(), DOLLARS)}
    assert (rows["PURR"].value, rows["PURR"].credit) == (None, None)


def test_a_pocket_in_coins_is_taken_to_dollars() -> None:
    row = rows_of_silos()[0]
    cash = node("cash", "cash", "2", parts=(("BTC", "2.5"), ("BTC/USD:BTC", "-0.5")))
    pocket = node("pockets", "sum at index", "120000", node("BTC", "pocket", "2", cash))
    level = row.liquidation_level
    row = replace(row, trees={level: (pocket, pocket)})
    assert credit_by_asset(row, DOLLARS)["BTC"] == Decimal("150000")


def test_the_loser_of_two_collateral_figures_gives_no_credit() -> None:
    row = rows_of_silos()[0]
    tree = node(
        "worst",
        "min",
        "5",
        node("kind", "collateral", "9", winner=False, parts=(("BTC", "9"),)),
        node("strict", "collateral", "5", parts=(("BTC", "5"),)),
    )
    row = replace(row, trees={row.liquidation_level: (tree, tree)})
    assert credit_by_asset(row, DOLLARS) == {"BTC": Decimal(5)}
    assert credit_by_asset(replace(row, trees={}), DOLLARS) == {}
