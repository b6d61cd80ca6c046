"""What to call a group: the asset, expiry, strike or listing that its rows share."""

from crossmargin.base.instant import instant_text
from crossmargin.rulebook.context import ACCOUNT, Context


def group_label(context: Context, at: str, group: int) -> str | None:
    """The group's name within its account, None for the account itself."""
    if at == ACCOUNT:
        return None
    u = context.run.universe
    row = _first_instrument(context, at, group)
    venue, economic = int(u.venue_key[row]), int(u.economic_key[row])
    underlying = u.assets[int(u.underlying[row])]
    expiry = instant_text(int(u.expiry_ns[row]))[:10] if u.expiry_ns[row] else "perpetual"
    match at:
        case "risk_unit":
            return u.assets[int(context.run.risk_unit[u.underlying[row]])]
        case "underlying":
            return underlying
        case "maturity" | "expiry":
            return f"{underlying} {expiry}"
        case "strike":
            return f"{underlying} {expiry} {u.strike[row]:g}"
        case "economic_id":
            return u.economic_ids[economic]
        case "settle":
            return u.assets[int(u.settle[row])]
        case "quote":
            return u.assets[int(u.quote[row])]
        case "venue":
            return u.venues[venue]
        case _:
            return u.name_of(row)


def _first_instrument(context: Context, at: str, group: int) -> int:
    for block, rows in context.groups(at).rows.items():
        if rows.indptr[group + 1] > rows.indptr[group]:
            row = rows.order[rows.indptr[group]]
            return int(context.block(block).instrument[row])
    raise IndexError(f"group {group} of {at} has no rows")
