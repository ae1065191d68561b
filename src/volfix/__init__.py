"""volfix: finds every way in which the next Docker Compose deployment could lose a database, and fixes it.

>>> import volfix
>>> plan = volfix.plan("path/to/repository")
>>> plan.findings, plan.diff, plan.edits
>>> plan.write()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volfix.api import Plan, plan

__version__ = "0.2.0"
__all__ = ["Plan", "plan"]


def __getattr__(name: str) -> Any:
    """`plan` and `Plan`, imported when they are asked for: `volfix --version` needs neither."""
    if name in __all__:
        from volfix import api

        return getattr(api, name)
    raise AttributeError(name)
