"""The edge towards the page: the call protocol, ``call.v1``."""
