"""Grids, historical moves, named stress and venue basis; all give one ScenarioSet."""
