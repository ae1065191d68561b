"""What a service waits for before it starts, as the long form of `depends_on:` says it."""

from __future__ import annotations

STARTED = {"condition": "service_started"}
COMPLETED = {"condition": "service_completed_successfully"}
