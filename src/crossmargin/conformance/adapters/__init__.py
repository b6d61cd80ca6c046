"""One module per system: which recipe, which book, which market, and which figure is which."""
