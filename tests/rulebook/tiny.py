"""Recipes of a few lines, written out, for one question each."""

HEAD = """
name = "tiny"
title = "A recipe of a test"
valid_from = 2026-01-01
source = "illustrative"
reporting = "USD"
tick_exponent = -14
"""

GROSS = '{ charge = "exposure", amount = "gross", of = "notional", by = "listing", rate = 0.1 }'
"""A tenth of all notional."""


def tiny(
    requirement: str = GROSS,
    tables: str = "",
    head: str = "",
    equity: str = '{ charge = "cash" }',
) -> str:
    """A recipe with one level; `tables` are further TOML tables, `head` further lines on top."""
    return f"""{HEAD}{head}
{tables}
[level.maintenance]
equity = {equity}
requirement = {requirement}
"""
