"""Conformance: published numbers of other systems, run through the one path and compared."""
