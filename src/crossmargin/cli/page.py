"""What one page shows besides the statement: curves, collateral, and the other recipes."""

import math

from crossmargin import api
from crossmargin.domain.book import Book
from crossmargin.report.collateral import collateral_rows
from crossmargin.report.exhibit import Exhibit, PayoffCurve, recipe_row
from crossmargin.report.page import page_html
from crossmargin.report.page.account_order import accounts_shown
from crossmargin.report.result import Result
from crossmargin.study.payoff import Payoff, payoffs
from crossmargin.wire.market import MarketInput


def page_of(book: Book, market: MarketInput, result: Result) -> str:
    """The page of a result, with everything that can be drawn of the accounts it shows."""
    prepared = api.prepare(book, market)
    statement = result.statement
    number_of = {str(name): number for number, name in enumerate(prepared.columns.account_ids)}
    curves = [
        _curve(row.account_id, statement.reporting, curve)
        for row in accounts_shown(statement)
        for curve in payoffs(
            prepared.columns, prepared.priced, number_of[row.account_id], statement.reporting
        )
    ]
    index = prepared.priced.market.index
    dollars = {
        code: float(price)
        for code, price in zip(prepared.columns.universe.assets, index, strict=True)
        if math.isfinite(price)
    }
    return page_html(
        Exhibit(
            statement=statement,
            heatmaps=result.heatmaps,
            curves=tuple(curves),
            collateral=collateral_rows(statement, book, dollars),
            recipes=tuple(recipe_row(values) for values in api.compare(book, market)),
        )
    )


def _curve(account_id: str, reporting: str, curve: Payoff) -> PayoffCurve:
    return PayoffCurve(
        account_id=account_id,
        underlying=curve.underlying,
        reporting=reporting,
        price_now=curve.price_now,
        prices=tuple(curve.prices.tolist()),
        today=tuple(curve.today.tolist()),
        at_expiry=tuple(curve.at_expiry.tolist()),
    )
