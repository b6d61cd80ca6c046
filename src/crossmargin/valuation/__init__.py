"""Value and change of one contract of every listing, and its Greeks."""
