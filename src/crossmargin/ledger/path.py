"""Names of ledger accounts: text paths that begin with the kind and end with the asset."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import final


@final
class PathKind(StrEnum):
    """Whose money a ledger account holds."""

    ACCOUNT = "account"
    PENDING = "pending"
    WORLD = "world"
    FEES = "fees"
    ROUNDING = "rounding"


_KINDS = {kind.value: kind for kind in PathKind}

OWNED_BY_ONE = (PathKind.ACCOUNT, PathKind.PENDING)
"""Kinds whose path names an owner between the kind and the asset."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PathParts:
    """What a path says; `owner` is None where the kind has one ledger account per asset."""

    kind: PathKind
    owner: str | None
    asset: str


def account_path(account_id: str, asset: str) -> str:
    """The ledger account that holds what an account owns of an asset; negative = its debt."""
    return f"{PathKind.ACCOUNT}/{account_id}/{asset}"


def pending_path(owner: str, asset: str) -> str:
    """Money on its way (a withdrawal not yet sent, collateral in transit), by its owner."""
    return f"{PathKind.PENDING}/{owner}/{asset}"


def world_path(asset: str) -> str:
    """Everything outside: what came in and went out. One per asset."""
    return f"{PathKind.WORLD}/{asset}"


def fees_path(asset: str) -> str:
    """Fees that were charged, per asset."""
    return f"{PathKind.FEES}/{asset}"


def rounding_path(asset: str) -> str:
    """Remainders of less than one unit per posting, per asset."""
    return f"{PathKind.ROUNDING}/{asset}"


@lru_cache(maxsize=1 << 16)
def path_parts(path: str) -> PathParts | None:
    """The parts of a path, or None when it is none: an owner may hold a slash, an asset may not."""
    word, _, rest = path.partition("/")
    kind = _KINDS.get(word)
    if kind is None:
        return None
    owner, slash, asset = rest.rpartition("/")
    if not asset or bool(slash) != (kind in OWNED_BY_ONE) or bool(owner) != bool(slash):
        return None
    return PathParts(kind=kind, owner=owner or None, asset=asset)
