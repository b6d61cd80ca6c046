"""Listings, symbols, assets, accounts, positions, orders and balances: frozen data, no formulas."""
