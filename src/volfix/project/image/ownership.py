"""Which user a service runs as, and whether this user owns a directory of the image.

If not, the service cannot write to a new volume there, because the volume belongs to root.
"""

from __future__ import annotations

import posixpath

from volfix.knowledge.entries import Entry
from volfix.project.compose.service import Service
from volfix.project.image.images import images_of

ROOT = frozenset({"", "0", "root"})


def foreign_user(service: Service, target: str, entry: Entry | None) -> str | None:
    """The service's user if nothing shows that this user owns `target` in the image; otherwise None.

    The user is that of `user:`, otherwise `USER` of the Dockerfile's final stage. An image with an `entry` in the
    knowledge base owns its own data directory, unless `user:` names another user.
    """
    stage = service.stage
    user = service.text("user")
    if user is None:
        if stage is None and _is_unseen(service):
            return "an unknown user"
        if stage is None or stage.user is None:
            return None
        user = stage.user
    name = user.split(":")[0].strip()
    if name in ROOT:
        return None
    if entry is not None and _is_own_user(service, entry, name):
        return None
    if stage is not None and any(_covers(made, target) for made in stage.given_to(user)):
        return None
    return user


def runs_as_root(service: Service) -> bool:
    """Whether the files say that the service runs as root, which may write to a volume that belongs to root."""
    user = service.text("user")
    if user is None and service.stage is not None:
        user = service.stage.user or ""
    return user is not None and user.split(":")[0].strip() in ROOT


def _is_own_user(service: Service, entry: Entry, name: str) -> bool:
    """Whether `user:` is the image's own user: its number, or a name, which only the image can define."""
    if entry.owner is None or service.stage is not None:
        return entry.owner is not None and name == str(entry.owner[0])
    tags = [image.tag or "" for image in images_of(service)]
    alpine = any("alpine" in tag for tag in tags) and entry.alpine_owner is not None
    owner = entry.alpine_owner if alpine and entry.alpine_owner is not None else entry.owner
    return name == str(owner[0]) or not (name.isdigit() or "$" in name)


def _is_unseen(service: Service) -> bool:
    """Whether the service is built from an inline Dockerfile or a context that is not here."""
    return service.build is not None and (service.build.inline or service.build.context is None)


def _covers(made: str, target: str) -> bool:
    return posixpath.normpath(made) == target
