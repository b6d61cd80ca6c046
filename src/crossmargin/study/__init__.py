"""Many runs of the one path: what-if, liquidation moves and generated books; no new formulas."""
