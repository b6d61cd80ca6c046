"""Measures over scenarios, Greeks by group, and the attribution of a figure to positions."""
