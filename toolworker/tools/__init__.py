"""One tool a file: a typed async function with a docstring (docs/adding-a-tool.md)."""
