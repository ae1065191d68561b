"""Finds the databases that a service's code opens: URLs, literals, settings files, and the libraries that read them."""
