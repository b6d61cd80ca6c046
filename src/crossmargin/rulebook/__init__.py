"""Recipes, their nodes and charges, levels, standings and statements."""
