"""What the engine is told once, beside its events: assets, rulebooks as data, and its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, final

from crossmargin.base.canonical import content_hash
from crossmargin.base.failure import refuse_if_any
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.asset import Asset
from crossmargin.engine.breaker import Breaker, failures_of
from crossmargin.engine.price_rules import NOBODY, PriceRules
from crossmargin.market.history import ReturnHistory
from crossmargin.rulebook.exposure_limit import ExposureLimit
from crossmargin.rulebook.withdrawable import ClosingTerms

CLOSING = ClosingTerms(coefficient=1.0, power=0.5, participation=0.1, unknown_frac=0.01)
"""Illustrative: an exposure of unknown depth costs 1 % to close."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Nanoseconds unless said otherwise.

    `window_ns`: how long events wait for earlier ones. `ahead_ns`: an event further ahead of the
    clock is refused. `stale_ns`: age from which a price gives no new credit. `revaluation_ns`: how
    often passing time alone revalues what has an expiry. `parameter_notice_ns`: how long before its
    hour a change of a parameter is announced at least. `release_frac` and `dwell_ns`: what a
    better standing takes. `sample_every`: each so many events the incremental figures are compared
    with a full recomputation; 1 = always, 0 = never. `together_least`: so many accounts or more
    that a price touches are margined together; no figure depends on it.
    """

    window_ns: int = 2 * NS_PER_SECOND
    ahead_ns: int = 600 * NS_PER_SECOND
    stale_ns: int = 30 * 60 * NS_PER_SECOND
    revaluation_ns: int = 60 * NS_PER_SECOND
    parameter_notice_ns: int = 0
    release_frac: float = 0.02
    dwell_ns: int = 60 * NS_PER_SECOND
    sample_every: int = 0
    together_least: int = 256


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CallPolicy:
    """What every margin call is made on; amounts in the account's reporting unit, times in ns.

    `haircut_frac` names the assets that meet a call, each with the part that does not count.
    `transit_ns` is how long money that was announced lowers calls. The other fields are those of
    `CallTerms`.
    """

    threshold: Decimal = Decimal(0)
    minimum_transfer: Decimal = Decimal(100)
    rounding: Decimal = Decimal(1)
    notice_ns: int = 3_600 * NS_PER_SECOND
    dispute_ns: int = 3_600 * NS_PER_SECOND
    lock_up_ns: int = 3_600 * NS_PER_SECOND
    cut_off_ns: int | None = None
    transit_ns: int = 86_400 * NS_PER_SECOND
    haircut_frac: Mapping[str, Decimal] = field(
        default_factory=lambda: {"USDC": Decimal(0), "BTC": Decimal("0.1")}
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setup:
    """`recipes` maps a name to its file's tables; accounts without one get `default_recipe`.

    `prices` says who prices what: by default nobody does. `breakers` stop acts when
    something moves too far. `closing` is what closing costs, and `limits` bound exposures, in every
    check before an act. `InputRefused` for two breakers of one name.
    """

    assets: Mapping[str, Asset]
    recipes: Mapping[str, Mapping[str, Any]]
    default_recipe: str
    history: ReturnHistory | None = None
    vol_history: ReturnHistory | None = None
    settings: Settings = Settings()
    calls: CallPolicy = CallPolicy()
    prices: PriceRules = NOBODY
    breakers: tuple[Breaker, ...] = ()
    closing: ClosingTerms = CLOSING
    limits: tuple[ExposureLimit, ...] = ()

    def __post_init__(self) -> None:
        refuse_if_any(failures_of(self.breakers))


def setup_hash(setup: Setup) -> str:
    """SHA-256 over all of it but what no figure depends on: the configuration's name."""
    settings = setup.settings
    return content_hash(
        {
            "assets": {code: setup.assets[code] for code in sorted(setup.assets)},
            "recipes": {name: repr(table) for name, table in sorted(setup.recipes.items())},
            "default": setup.default_recipe,
            "history": [
                None if history is None else history
                for history in (setup.history, setup.vol_history)
            ],
            "calls": setup.calls,
            "prices": _plain_rules(setup.prices),
            "breakers": setup.breakers,
            "closing": setup.closing,
            "limits": setup.limits,
            "settings": [
                settings.window_ns,
                settings.ahead_ns,
                settings.stale_ns,
                settings.revaluation_ns,
                settings.parameter_notice_ns,
                settings.release_frac.hex(),
                settings.dwell_ns,
            ],
        }
    )


def _plain_rules(rules: PriceRules) -> dict[str, Any]:
    return {
        "policies": dict(rules.policies),
        "trusted": sorted(rules.trusted),
        "interval_frac": rules.interval_frac,
        "perpetual": rules.perpetual,
        "option": rules.option,
    }
