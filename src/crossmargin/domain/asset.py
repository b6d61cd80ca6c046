"""Assets: one canonical code each, its smallest unit, what it wraps, who issues it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import final


@final
class AssetClass(StrEnum):
    """What an asset is, as far as valuation and stress care."""

    FIAT = "fiat"
    STABLECOIN = "stablecoin"
    COIN = "coin"
    WRAPPED = "wrapped"
    LIQUID_STAKING = "liquid_staking"
    EXCHANGE_TOKEN = "exchange_token"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An asset. `wraps` names its base: it has its own price and is never priced as its base."""

    code: str
    decimals: int
    asset_class: AssetClass
    issuer: str | None = None
    issuer_family: str | None = None
    wraps: str | None = None
    peg: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Another name of an asset: XBT is BTC; 1000PEPE is 1,000 PEPE."""

    alias: str
    asset: str
    multiplier: Decimal = Decimal(1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LeveragedToken:
    """A token kept at `leverage` times its underlying: BTC3L is 3 times BTC, BTC3S -3 times."""

    token: str
    underlying: str
    leverage: Decimal


@final
class AssetRegistry:
    """All known assets and aliases. Unknown is a failure of the caller's, never a guess."""

    __slots__ = ("_aliases", "_assets", "_tokens")

    def __init__(
        self,
        assets: Iterable[Asset],
        aliases: Iterable[Alias],
        tokens: Iterable[LeveragedToken] = (),
    ) -> None:
        self._assets: Mapping[str, Asset] = {asset.code: asset for asset in assets}
        self._aliases: Mapping[str, Alias] = {alias.alias: alias for alias in aliases}
        self._tokens: Mapping[str, LeveragedToken] = {x.token: x for x in tokens}

    def extended(self, assets: Iterable[Asset], aliases: Iterable[Alias]) -> "AssetRegistry":
        """The registry with more assets and aliases, which win over those of the same name."""
        return AssetRegistry(
            [*self._assets.values(), *assets],
            [*self._aliases.values(), *aliases],
            self._tokens.values(),
        )

    def leveraged_token(self, name: str) -> LeveragedToken | None:
        """The leveraged token of a name, or None when it is none."""
        return self._tokens.get(name)

    def aliases(self) -> tuple[Alias, ...]:
        """All aliases, sorted by name."""
        return tuple(self._aliases[name] for name in sorted(self._aliases))

    def leveraged_tokens(self) -> tuple[LeveragedToken, ...]:
        """All leveraged tokens, sorted by name."""
        return tuple(self._tokens[name] for name in sorted(self._tokens))

    def resolve(self, name: str) -> tuple[Asset, Decimal] | None:
        """A code or alias -> (asset, coins per named unit), or None when it is unknown."""
        if name in self._assets:
            return self._assets[name], Decimal(1)
        alias = self._aliases.get(name)
        return None if alias is None else (self._assets[alias.asset], alias.multiplier)

    def asset(self, code: str) -> Asset:
        """The asset of a canonical code; KeyError when there is none."""
        return self._assets[code]

    def __contains__(self, code: str) -> bool:
        return code in self._assets

    def codes(self) -> tuple[str, ...]:
        """All canonical codes, sorted."""
        return tuple(sorted(self._assets))
