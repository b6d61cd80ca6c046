"""What follows from a standing: the ladder in time, and margin calls."""
