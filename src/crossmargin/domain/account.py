"""Who holds: entities, accounts in a tree, and the sets inside which close-out netting is
agreed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import final


@final
class Authority(StrEnum):
    """Whether the engine may refuse and act for an account, or only advise."""

    ENFORCE = "enforce"
    ADVISE = "advise"


@final
class MarginMode(StrEnum):
    """How a bucket of positions is margined: with its account, or ring-fenced."""

    CROSS = "cross"
    ISOLATED = "isolated"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A legal person. `house` money and client money never share a netting set."""

    entity_id: str
    name: str
    house: bool = True
    affiliates: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account at one venue: a node of the tree entity, account, sub-account, isolated bucket.

    `parent_id` names the account above, None for a top account. An isolated bucket is a leaf
    account with `mode` isolated: its collateral is its own. `settings` are per-account recipe
    parameters (leverage caps, user margin ratios). `recipe` is the venue's rulebook for this
    account, None when the venue has none.
    """

    account_id: str
    entity_id: str
    venue: str
    parent_id: str | None = None
    mode: MarginMode = MarginMode.CROSS
    netting_set_id: str | None = None
    recipe: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    authority: Authority = Authority.ADVISE


@final
class NettingOpinion(StrEnum):
    """Whether a legal opinion says that close-out netting holds."""

    YES = "yes"
    NO = "no"
    UNTESTED = "untested"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NettingSet:
    """Accounts that face one legal counterparty under one agreement.

    Without an opinion `yes` the set is an economic view only: nothing in it helps anything else.
    """

    netting_set_id: str
    members: tuple[str, ...]
    counterparty_legal_entity: str
    agreement: str
    close_out_netting_opinion: NettingOpinion
    opinion_date: str | None = None
    opinion_law: str | None = None
    collateral_form: str = "title_transfer"
    reuse_right: bool = False
    cross_default: bool = False
