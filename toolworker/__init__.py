"""Runs the agent's tools and owns the data behind them: read ``routes``, then ``uses``, ``execute`` and one tool."""
