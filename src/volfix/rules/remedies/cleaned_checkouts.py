"""VF309's findings: bind mounts in a checkout that the CI system cleans or replaces before each deployment."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context, mount_location, source_location
from volfix.rules.evidence.bind_deletions import HostData, hits, host_data
from volfix.rules.evidence.cleaned import cleanings
from volfix.rules.evidence.deployments import StackDeployment, deploys
from volfix.rules.evidence.held_data import held_data
from volfix.rules.findings import Finding, Severity
from volfix.rules.remedies.bind_to_volume import convert
from volfix.syntax.source import Source

CONVERTS = frozenset({"VF101", "VF102"})
REASON = "use a named volume, or keep the CI system from cleaning the directory"


def cleaned_checkout_findings(context: Context) -> Iterator[Finding]:
    """One finding for each mounted directory that a pipeline's deployment finds EMPTY each time."""
    seen = set()
    for deploy in deploys(context):
        for deleted, anchors in cleanings(deploy):
            for item in hits(deleted, anchors, host_data(context), context):
                key = (item.use.mount.file.path, item.use.mount.place)
                if key not in seen and not is_converted(context, item):
                    seen.add(key)
                    yield _finding(deploy, item)


def is_converted(context: Context, item: HostData) -> bool:
    """Whether VF101 or VF102 of this run reports the mount, and turns it into a volume."""
    held = held_data(context, item.use)
    if item.known is None or held is None or not CONVERTS & context.selected:
        return False
    return convert(context, item.use, held).fix is not None


def _finding(deploy: StackDeployment, item: HostData) -> Finding:
    pipeline, mount = deploy.deployment.pipeline, item.use.mount
    what = item.known or "what containers wrote"
    source: Source = deploy.deployment.command.origin_in
    line, _ = source.place(deploy.deployment.command.origin.start)
    return Finding(
        code="VF309",
        severity=Severity.ERROR if item.known else Severity.WARNING,
        location=mount_location(mount),
        mark=source_location(mount),
        message=f"each deployment deletes {item.data if item.known else what}",
        danger=f"each deployment deletes {what} in {mount.raw_source}",
        label="kept here",
        loses=item.loses,
        evidence=(
            pipeline.cleaned_by or "each deployment makes a new checkout",
            f"{source.path.name}:{line} deploys from this checkout, in {deploy.deployment.step_name}",
            f"{item.use.service.name} mounts {mount.written_as}, and git tracks nothing in it",
        ),
        service=item.use.service.name,
        target=mount.clean_target,
        reason=REASON,
    )
