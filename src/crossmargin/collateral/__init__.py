"""Haircuts, tiers, caps and pledges: what an asset counts for as credit."""
