"""volfix: finds every way in which the next Docker Compose deployment could lose a database, and fixes it."""

__version__ = "0.1.0"
