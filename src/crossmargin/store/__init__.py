"""The journal and its snapshots on disk: durable before acknowledged, chained, one writer."""
