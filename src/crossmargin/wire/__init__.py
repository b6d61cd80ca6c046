"""Message schemas, strict parsing, unit converters; to and from the core types."""
