"""Ticks, identifiers, failures, checks and canonical bytes: what every floor stands on."""
