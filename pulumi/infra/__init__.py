"""The parts of the deployment; ``pulumi/__main__.py`` puts them together."""
