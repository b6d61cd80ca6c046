"""What is wrong with netting sets, before anybody relies on them."""

from collections.abc import Mapping
from itertools import combinations

from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.account import Account, Entity, NettingOpinion, NettingSet


def economic_view_only(netting_set: NettingSet) -> bool:
    """True without an opinion `yes`: then nothing in the set helps anything else in it."""
    return netting_set.close_out_netting_opinion is not NettingOpinion.YES


def netting_failures(
    netting_sets: Mapping[str, NettingSet],
    accounts: Mapping[str, Account],
    entities: Mapping[str, Entity],
) -> tuple[Failure, ...]:
    """Every fault of `netting_sets`, each with the set's place in the book.

    Members exist and stand in one set; they face one legal counterparty, so they are at one venue
    (two exchanges are never one set for a desk); house and client money never mix, nor do entities
    that are not of one group; an opinion `yes` names its date and law.
    """
    found: list[Failure] = []
    set_of: dict[str, str] = {}
    for name, netting_set in netting_sets.items():
        where = f"netting_sets.{name}"
        found += _opinion_failures(netting_set, where)
        if not netting_set.members:
            found.append(Failure(Reason.MISSING_FIELD, f"{where}.members", "no member"))
        known: list[Account] = []
        for member in netting_set.members:
            if member not in accounts:
                found.append(
                    Failure(Reason.UNKNOWN_ACCOUNT, f"{where}.members", f"no account {member}")
                )
                continue
            known.append(accounts[member])
            if member in set_of:
                found.append(
                    Failure(
                        Reason.DUPLICATE,
                        f"{where}.members",
                        f"account {member} is already in {set_of[member]}",
                    )
                )
            set_of.setdefault(member, name)
        found += _member_failures(known, entities, where)
    found += [
        Failure(
            Reason.CONTRADICTION,
            f"accounts.{account.account_id}",
            f"names netting set {account.netting_set_id}, and stands in {set_of.get(name)}",
        )
        for name, account in accounts.items()
        if account.netting_set_id != set_of.get(name)
    ]
    return tuple(found)


def _opinion_failures(netting_set: NettingSet, where: str) -> list[Failure]:
    if economic_view_only(netting_set):
        return []
    return [
        Failure(Reason.INCOMPLETE, f"{where}.{field}", "an opinion yes names its date and law")
        for field, given in (
            ("opinion_date", netting_set.opinion_date),
            ("opinion_law", netting_set.opinion_law),
        )
        if given is None
    ]


def _member_failures(
    members: list[Account], entities: Mapping[str, Entity], where: str
) -> list[Failure]:
    found: list[Failure] = []
    venues = sorted({account.venue for account in members})
    if len(venues) > 1:
        found.append(
            Failure(
                Reason.CONTRADICTION,
                f"{where}.members",
                f"members at {' and '.join(venues)}: two venues are two counterparties",
            )
        )
    holders = [
        entities[name]
        for name in sorted({account.entity_id for account in members})
        if name in entities
    ]
    if len({entity.house for entity in holders}) > 1:
        found.append(
            Failure(Reason.CONTRADICTION, f"{where}.members", "house and client money never mix")
        )
    for one, other in combinations(holders, 2):
        if other.entity_id not in one.affiliates and one.entity_id not in other.affiliates:
            found.append(
                Failure(
                    Reason.CONTRADICTION,
                    f"{where}.members",
                    f"{one.entity_id} and {other.entity_id} are not of one group",
                )
            )
    return found
