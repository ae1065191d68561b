"""Services that volfix writes to carry data into a volume once: they are no part of what a project does.

They are known by what they are, whatever they are called and whichever release has written their script.
"""

from __future__ import annotations

from volfix.knowledge.carry_service import MARK, MARK_SUFFIX, SOURCE, TARGET
from volfix.project.compose.service import Service
from volfix.syntax.yaml_plain import digest

SHELL = ("sh", "-c")


def is_carrier(service: Service) -> bool:
    """Whether a service does nothing but carry the data of one mount into a volume."""
    mounts = {mount.clean_target: mount for mount in service.mounts if not mount.overridden}
    return (
        service.entrypoint == SHELL
        and service.text("network_mode") == "none"
        and service.text("restart") == "no"
        and mounts.keys() == {SOURCE, TARGET, MARK}
        and mounts[SOURCE].read_only
        and mounts[MARK].source == mounts[TARGET].source + MARK_SUFFIX
    )


def mark_of(carrier: Service) -> str:
    """The key of the volume that says what the carrier has done."""
    return next(mount.source for mount in carrier.mounts if mount.clean_target == MARK)


def origin_of(service: Service) -> tuple[str | None, ...]:
    """What the service's image is: a digest of its `build:`, else its name; and the platform that it is for."""
    built = service.field("build") if service.build is not None else None
    return service.image if built is None else None, built and digest(built[0]), service.text("platform")
