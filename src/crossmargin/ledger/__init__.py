"""Owned money in double entry: whole units, append-only, every entry chained to the one before."""
