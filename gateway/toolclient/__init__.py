"""The edge towards the tool worker: tokens, catalogue, outcomes."""
