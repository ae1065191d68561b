"""VF306: another finding's fix changes a signed pipeline and breaks its signature."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context, at
from volfix.rules.examples.deployed_database import COMPOSE
from volfix.rules.findings import Finding, Severity
from volfix.rules.rule import Rule, reported, untouched

PIPELINE_RULES = ("VF301", "VF302", "VF303", "VF305", "VF307", "VF401")
"""The rules whose fixes may change a pipeline."""


def check(context: Context) -> Iterator[Finding]:
    """A finding for every signed pipeline file that a fix would change."""
    signed = {each.file.path: each.file for each in context.stack.workflows if each.file.signed}
    if not signed:
        return
    from volfix.rules.registry import REGISTRY

    changed: dict[object, list[str]] = {}
    for code in PIPELINE_RULES:
        if code not in context.selected or code not in REGISTRY:
            continue
        for finding in REGISTRY[code].check(context):
            for operation in finding.fix.operations if finding.fix else ():
                if operation.source.path in signed:
                    changed.setdefault(operation.source.path, []).append(code)
    for path, file in signed.items():
        if path in changed:
            node = file.signature
            yield Finding(
                code="VF306",
                severity=Severity.INFO,
                location=at(file.source, node.span.start, node.span.end) if node else at(file.source, 0, 0),
                message="sign the pipeline again after the fix",
                danger="the fix changes a signed pipeline: in a protected repository all builds wait for approval until you "
                "sign it again",
                evidence=(
                    f"changed by the fix of {', '.join(dict.fromkeys(changed[path]))}",
                    "the signature covers every byte of the other documents",
                ),
                reason="after the fix run `drone sign <owner>/<repository> --save`: only the Drone server has the key",
            )


PIPELINE = """\
kind: pipeline
type: docker
name: deploy
steps:
  - name: deploy
    image: docker:27-cli
{mount}    commands:
      - docker compose -p shop up -d
{volumes}---
kind: signature
hmac: 2e1f9a3c5d7b

...
"""
MOUNT = "    volumes:\n      - name: socket\n        path: /var/run/docker.sock\n"
VOLUMES = "volumes:\n  - name: socket\n    host:\n      path: /var/run/docker.sock\n"

RULE = Rule(
    code="VF306",
    name="signature-broken",
    summary="A fix changes a signed pipeline.",
    why=(
        "The signature covers every byte of the file's other documents, and only the Drone server has the key. After "
        "any change the builds of a protected repository wait for approval."
    ),
    fix="None: sign the file again with `drone sign`. The old signature stays in the file until then.",
    sources=("drone/drone-yaml: yaml/signer/signer.go", "drone/drone: trigger/trigger.go"),
    examples=(
        reported(
            "a signed pipeline without the socket",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE.format(mount="", volumes="")},
        ),
        untouched(
            "signed, and nothing to change",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE.format(mount=MOUNT, volumes=VOLUMES)},
        ),
        untouched(
            "the fix only changes the Compose file, which no signature covers",
            {
                "web-shop/compose.yaml": COMPOSE,
                "web-shop/.drone.yml": PIPELINE.format(mount=MOUNT, volumes=VOLUMES).replace("-p shop ", ""),
            },
        ),
        untouched(
            "a finding that has no fix changes nothing",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PIPELINE.format(
                    mount="    environment:\n      DOCKER_HOST: tcp://docker:2375\n",
                    volumes="services:\n  - name: docker\n    image: docker:27-dind\n",
                ),
            },
        ),
        untouched(
            "not signed", {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE.format(mount="", volumes="").split("---")[0]}
        ),
        untouched(
            "a secret is no signature",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PIPELINE.format(mount="", volumes="").replace(
                    "kind: signature\nhmac: 2e1f9a3c5d7b\n", "kind: secret\nname: key\nget:\n  path: ci\n  name: key\n"
                ),
            },
        ),
    ),
    check=check,
)
