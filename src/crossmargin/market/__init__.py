"""Market snapshot, forwards, vol surface and return history, each field with its source."""
