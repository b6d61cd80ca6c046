"""Charges: the leaves of recipes, one final class and one small file each."""
