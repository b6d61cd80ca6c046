"""A statement as the engine makes it: venues, pools, hedges, a shortfall, a missing figure."""

from dataclasses import replace
from decimal import Decimal

from crossmargin.report.exhibit import (
    CollateralRow,
    Exhibit,
    PayoffCurve,
    RecipeRow,
    recipe_row,
)
from crossmargin.rulebook.standing import Standing
from crossmargin.rulebook.statement_types import (
    AccountFigures,
    Column,
    Crossing,
    Heatmap,
    LevelFigures,
    Loss,
    NodeFigures,
    Part,
    ReportedFigure,
    Statement,
)

AS_OF_NS = 1_786_176_000_000_000_000
HOSTILE = "</script><script>alert(1)</script>[red]x[/red]\x1b[2J\u202e=1+1"


def money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def level(name: str, equity: str | None, requirement: str | None) -> LevelFigures:
    e, r = money(equity), money(requirement)
    buffer = None if e is None or r is None else e - r
    utilisation, reason = None, "unavailable"
    if e is not None and r is not None:
        utilisation, reason = (None, "no_equity") if e <= 0 else (float(r / e), None)
    return LevelFigures(
        name=name,
        equity=e,
        requirement=r,
        buffer=buffer,
        utilisation=utilisation,
        utilisation_reason=reason,
    )


def node(
    name: str,
    operation: str,
    amount: str | None,
    *children: NodeFigures,
    driver: str | None = None,
    winner: bool = True,
    group: str | None = None,
    parts: tuple[tuple[str, str], ...] = (),
) -> NodeFigures:
    return NodeFigures(
        name=name,
        operation=operation,
        group=group,
        amount=money(amount),
        driver=driver,
        winner=winner,
        parts=tuple(Part(holding=holding, amount=Decimal(part)) for holding, part in parts),
        children=children,
    )


def crossing(
    asset: str | None,
    direction: str,
    move: float | None = None,
    price: float | None = None,
    reason: str | None = None,
    *,
    non_monotone: bool = False,
) -> Crossing:
    return Crossing(
        asset=asset,
        direction=direction,
        move=move,
        price=price,
        reason=reason,
        non_monotone=non_monotone,
        searched=(-0.99, 1.98),
        vol_rule="implied vols unchanged (sticky strike)",
    )


def portfolio_requirement(total: str, scale: str) -> NodeFigures:
    """max(scan, basis) + option minimum, times a factor; a hedge has a negative part."""
    scan = node(
        "scan",
        "scan_loss",
        "150200.25",
        driver="price -16 %, vol up",
        parts=(
            ("BTC/USD:BTC", "412000.75"),
            ("BTC/USD:BTC-261225-60000-P", "-198400.50"),
            ("BTC/USD:BTC-261225-100000-C", "-63400"),
        ),
    )
    basis = node("basis", "scale", "98000", driver="2026-12-25", winner=False)
    worst = node("worst", "max", "150200.25", scan, basis)
    minimum = node(
        "option_minimum",
        "exposure",
        "24000",
        driver="short calls",
        parts=(("BTC/USD:BTC-261225-100000-C", "24000"),),
    )
    credit = node("netting_credit", "exposure", "-4200.25", parts=(("ETH/USD:ETH", "-4200.25"),))
    both = node("charges", "sum", "170000", worst, minimum, credit)
    return node("total", "scale", total, both, driver=scale)


def rows_of_silos() -> tuple[AccountFigures, ...]:
    equity = node(
        "equity",
        "sum",
        "512345.67",
        node("cash", "cash", "480000", parts=(("USDC", "300000"), ("BTC", "180000"))),
        node("unrealised", "unrealised", "32345.67", parts=(("BTC/USD:BTC", "32345.67"),)),
    )
    portfolio = AccountFigures(
        account_id="deribit-options",
        venue="deribit",
        entity_id="example-fund",
        recipe="deribit-portfolio",
        reporting="USD",
        levels=(
            level("initial", "512345.67", "221000"),
            level("maintenance", "512345.67", "170000"),
        ),
        liquidation_level="maintenance",
        net_liquidation_value=Decimal("518900.12"),
        standing=Standing.HEALTHY,
        reasons=(),
        trees={
            "initial": (equity, portfolio_requirement("221000", "1.3 times")),
            "maintenance": (equity, portfolio_requirement("170000", "1 time")),
        },
        liquidation=(
            crossing("BTC", "down", -0.342, 41_230.5),
            crossing("BTC", "up", 0.61, 100_880.0, non_monotone=True),
            crossing("ETH", "down", reason="not_reachable"),
            crossing("ETH", "up", 1.2, 5_940.25),
            crossing(None, "down", -0.287),
            crossing(None, "up", 0.58),
        ),
        reported=(
            ReportedFigure(
                name="maintenance",
                ours=Decimal("170000"),
                reported=Decimal("169874.5"),
                difference=Decimal("125.5"),
                tolerance=Decimal("1000"),
                within=True,
            ),
        ),
    )
    warned = replace(
        portfolio,
        account_id="okx-main",
        venue="okx",
        recipe="cross-tiered",
        levels=(
            level("initial", "90000", "88000"),
            level("maintenance", "90000", "74500.5"),
        ),
        net_liquidation_value=Decimal("90000"),
        standing=Standing.WARNED,
        trees={},
        liquidation=(
            crossing("ETH", "down", -0.081, 2_481.3),
            crossing("ETH", "up", reason="not_reachable"),
        ),
        reported=(
            ReportedFigure(
                name="maintenance",
                ours=Decimal("74500.5"),
                reported=Decimal("71000"),
                difference=Decimal("3500.5"),
                tolerance=Decimal("1000"),
                within=False,
            ),
        ),
    )
    short = replace(
        warned,
        account_id="bybit-carry",
        venue="bybit",
        entity_id="example-spv",
        levels=(
            level("initial", "20000", "31000"),
            level("maintenance", "20000", "23500.0001"),
        ),
        net_liquidation_value=Decimal("21000"),
        standing=Standing.LIQUIDATING,
        liquidation=(),
        reported=(),
    )
    unknown = replace(
        warned,
        account_id=HOSTILE,
        venue="hyperliquid",
        levels=(level("initial", None, "1200"), level("maintenance", None, "0.00012")),
        net_liquidation_value=None,
        standing=Standing.UNAVAILABLE,
        reasons=("PURR has no index price",),
        liquidation=(crossing("PURR", "down", reason="missing_mark"),),
        reported=(),
    )
    return portfolio, warned, short, unknown


def sample_statement() -> Statement:
    silos = rows_of_silos()
    known = silos[:3]
    house = tuple(replace(row, recipe="house", reported=()) for row in known)
    pool = replace(
        house[0],
        account_id="deribit-master-agreement",
        venue="deribit",
        levels=(
            level("initial", "602345.67", "260000"),
            level("maintenance", "602345.67", "201000"),
        ),
    )
    everything = replace(pool, account_id="everything", venue="all")
    return Statement(
        as_of_ns=AS_OF_NS,
        inputs_hash="5b2e" * 16,
        tick="2^-14 USD",
        reporting="USD",
        columns=(
            column("rulebook", "Each venue's rulebook on its own silo", silos, None, "3500.0001"),
            column("house", "House model, per silo", house, "291000", "3500.0001"),
            column(
                "enforceable",
                "House model, enforceable sets",
                (pool, house[2]),
                "230000",
                "3500.0001",
            ),
            column(
                "economic",
                "House model over everything: economic view, not available as collateral",
                (everything,),
                "190000",
                "0",
            ),
        ),
        model_difference=None,
        enforceable_benefit=Decimal("61000"),
        aspirational_benefit=Decimal("40000"),
        losses=(
            Loss(
                kind="venue",
                name="bybit",
                credit_lost=Decimal("20000"),
                shortfalls={"okx-main": Decimal("4500.5")},
            ),
            Loss(kind="issuer", name="Ethena", credit_lost=None, shortfalls={}),
        ),
        assumed=(
            ("assets.ETH.adv", "no volume in the file"),
            ("assets.BTC.adv", "no volume in the file"),
            ("listings.deribit:BTC-PERPETUAL.funding_rate_per_hour", "no funding in the file"),
        ),
    )


def column(
    name: str, label: str, rows: tuple[AccountFigures, ...], locked: str | None, shortfall: str
) -> Column:
    return Column(
        name=name,
        label=label,
        rows=rows,
        locked=money(locked),
        shortfall=Decimal(shortfall),
        nearest=rows[-1].account_id,
    )


def sample_heatmap() -> Heatmap:
    moves = tuple(round(-0.16 + 0.04 * step, 2) for step in range(9))
    vols = (-0.25, 0.0, 0.5)
    cells = [(move, vol) for vol in vols for move in moves]
    profit = tuple(
        Decimal(round(-2_400_000 * move * move + 90_000 * move - 30_000 * vol))
        for move, vol in cells
    )
    return Heatmap(
        account_id="deribit-options",
        underlying="BTC",
        family="matrix",
        labels=tuple(f"price {move:+.0%}, vol {vol:+.0%}" for move, vol in cells),
        price_moves=tuple(move for move, _ in cells),
        vol_moves=tuple(vol for _, vol in cells),
        profit=profit,
        worst=profit.index(min(profit)),
    )


def sample_exhibit() -> Exhibit:
    prices = tuple(30_000.0 + 1_000.0 * step for step in range(81))
    return Exhibit(
        statement=sample_statement(),
        heatmaps=(sample_heatmap(),),
        curves=(
            PayoffCurve(
                account_id="deribit-options",
                underlying="BTC",
                reporting="USD",
                price_now=62_640.0,
                prices=prices,
                today=tuple(-0.0002 * (p - 64_000) ** 2 + 30_000 for p in prices),
                at_expiry=tuple(
                    60_000 - max(0.0, p - 80_000) * 6 - max(0.0, 50_000 - p) * 5 for p in prices
                ),
            ),
        ),
        collateral=(
            collateral("deribit-options", "deribit", "USDC", "300000", "300000", "300000"),
            collateral("deribit-options", "deribit", "stETH", "80", "210000", "168000"),
            collateral("okx-main", "okx", "USDT", "120000", "119900", "118700"),
            collateral("okx-main", "okx", "USDT", "-30000", "-30010", "-30010"),
            collateral(HOSTILE, "hyperliquid", "PURR", "1000", None, None),
        ),
        recipes=(
            recipe("house", "120000", "291000", "3500.0001", Standing.LIQUIDATING),
            recipe("net-delta", "150000", "180000", "0", Standing.HEALTHY),
            recipe_row(
                {
                    "recipe": "okx-portfolio",
                    "status": "incomplete",
                    "reason": "grid_edge has no published value: give it with --set",
                }
            ),
        ),
    )


def collateral(
    account: str, venue: str, asset: str, amount: str, value: str | None, credit: str | None
) -> CollateralRow:
    return CollateralRow(
        account_id=account,
        venue=venue,
        asset=asset,
        place=venue,
        amount=Decimal(amount),
        value=money(value),
        credit=money(credit),
        reporting="USD",
    )


def recipe(name: str, requirement: str, locked: str, shortfall: str, worst: Standing) -> RecipeRow:
    return recipe_row(
        {
            "recipe": name,
            "title": f"The {name} rulebook",
            "status": "complete",
            "reason": None,
            "reporting": "USD",
            "requirement": {"initial": Decimal("320000"), "maintenance": Decimal(requirement)},
            "buffer": Decimal("622345.67") - Decimal(requirement),
            "locked": Decimal(locked),
            "shortfall": Decimal(shortfall),
            "worst_standing": worst,
        }
    )
