"""The live state machine: events in, state and effects out; no clock, disk, network or chance."""
