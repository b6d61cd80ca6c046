"""Groupings, exact segmented sums of rounded ticks, and shaping: who may offset whom."""
