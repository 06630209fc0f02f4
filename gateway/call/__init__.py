"""The core of a call: pure, synchronous, told the time. Start with ``machine``."""
