"""Recognises the services that volfix adds to copy data into a volume once; no rule looks at them.

They are recognised by their form, not by their name or script, so those that other releases wrote are found too.
"""

from __future__ import annotations

from volfix.knowledge.carry_service import MARK, MARK_SUFFIX, SOURCE, TARGET
from volfix.project.compose.service import Service

SHELL = ("sh", "-c")


def is_carrier(service: Service) -> bool:
    """Whether a service only copies the data of one mount into a volume."""
    if service.entrypoint != SHELL:
        return False
    mounts = {mount.clean_target: mount for mount in service.mounts if not mount.overridden}
    return (
        service.text("network_mode") == "none"
        and service.text("restart") == "no"
        and mounts.keys() == {SOURCE, TARGET, MARK}
        and mounts[SOURCE].read_only
        and mounts[MARK].source == mounts[TARGET].source + MARK_SUFFIX
    )


def mark_of(carrier: Service) -> str:
    """The name of the volume in which the carrier notes that it is done. `carrier` must be a carrier."""
    return next(mount.source for mount in carrier.mounts if mount.clean_target == MARK)


def origin_of(service: Service) -> tuple[str | None, ...]:
    """What identifies the service's image: its name, a digest of its `build:`, and its platform; None if missing.

    The name is None if the service is built.
    """
    from volfix.syntax.yaml_plain import digest

    built = service.field("build") if service.build is not None else None
    return service.image if built is None else None, built and digest(built[0]), service.text("platform")
