"""Which images carry Compose, as the plugin `docker compose` or as the program `docker-compose`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from volfix.knowledge.images import Image
from volfix.knowledge.tables import table


@dataclass(frozen=True, slots=True)
class Client:
    """What an image has: `plugin` for `docker compose`, `program` for `docker-compose`; `source` names the document."""

    plugin: bool
    program: bool
    source: str


def client_in(image: str) -> Client | None:
    """What the image of a step has; None if volfix does not know, as for a tag without a version."""
    parsed_image = Image.parse(image)
    for entry in table("compose_clients")["image"]:
        if parsed_image.repository in entry["names"] and parsed_image.registry in (None, "docker.io"):
            if "from" not in entry:
                return Client(entry["plugin"], entry["program"], entry["source"])
            version = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", parsed_image.tag or "")
            if version is None:
                return None
            if version[3] is None and [int(version[1]), int(version[2])] >= entry["from"][:2]:
                return None  # the newest of its series, or one from before
            has = [int(part or 0) for part in version.groups()] >= entry["from"]
            return Client(has, has, entry["source"])
    return None


def installs_compose(words: Sequence[str]) -> bool:
    """Whether a command may put Compose into the container: a package manager or a download that names it."""
    known = table("compose_clients")["installed"]["words"]
    return any(name in word for word in words[1:] for name in known)
