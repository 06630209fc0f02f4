"""Where the tools' data lives: the ports they ask for, and what stands behind each."""
