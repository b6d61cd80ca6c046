"""Margin of crypto derivatives across instruments, accounts, venues and chains.

Equity is what an account has, requirement is what it needs, and buffer is the difference.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
