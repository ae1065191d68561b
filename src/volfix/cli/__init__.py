"""What a person types."""

from __future__ import annotations

import gc

OBJECTS = 200_000
"""How many new objects Python makes before it searches for garbage. With its own 700, searching took a tenth of a short
run; a run leaves next to no garbage of this kind behind.
"""

gc.set_threshold(OBJECTS)  # here, so that it holds for the imports of the command line too
