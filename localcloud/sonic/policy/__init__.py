"""The deterministic dialogue policy that stands in for Nova Sonic's language model."""

from localcloud.sonic.policy.mind import TellyMind

__all__ = ["TellyMind"]
