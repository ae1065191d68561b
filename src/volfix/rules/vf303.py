"""VF303: two stacks have one project name: all that Drone deploys as `src`, or two that one script starts."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import AddEntries, NameProject
from volfix.project.compose.compose_file import ComposeFile
from volfix.project.compose.mounts import BIND, VOLUME
from volfix.rules.context import Context
from volfix.rules.evidence.deployments import StackDeployment, deploying_steps, pipeline_finding, step_refusal
from volfix.rules.evidence.held_data import UNKNOWN, held_data
from volfix.rules.evidence.own_volume import VERSION_1
from volfix.rules.examples.deployed_database import COMPOSE, PIPELINE
from volfix.rules.findings import Applicability, DeploymentName, Finding, Fix, Move, NameChange, Severity, shortened
from volfix.rules.remedies.bind_to_volume import convert
from volfix.rules.rule import Rule, fixed_unsafe, reported, untouched
from volfix.syntax.yaml_tree import Mapping


def check(context: Context) -> Iterator[Finding]:
    """A finding for every deployment under a project name that another stack on the host may have too."""
    if context.stack.workflows:
        yield from _named_by_workspaces(context)
    if context.commands is not None:
        from volfix.rules.remedies.named_alike import named_alike_findings

        yield from named_alike_findings(context)


def _named_by_workspaces(context: Context) -> Iterator[Finding]:
    """Findings for deployments that take the project's name from a workspace with the same name in every repository."""
    for deploy in deploying_steps(context):
        files = _files(context, deploy)
        shared = deploy.deployment.project
        if not _shares_name(deploy) or not files or any(file.name for file in files):
            continue
        fix = _fix(context, deploy, files)
        yield pipeline_finding(
            "VF303",
            deploy,
            Severity.WARNING,
            f"every repository is deployed as the project `{shortened(shared or '')}`",
            f"every repository that {deploy.deployment.pipeline.system.name} deploys from its workspace becomes the "
            f"project `{shared}`: two on one host replace each other's containers and share volumes of one name",
            tuple(_evidence(context, deploy)),
            fix if isinstance(fix, Fix) else None,
            fix
            if isinstance(fix, str)
            else "under a new name the project starts with EMPTY volumes: first run `volfix carry --from-project "
            f"{shared} --write`, which also stops the old containers",
            label=f"as the project `{shared}`",
            loses="its volumes to another repository",
        )


def _shares_name(deploy: StackDeployment) -> bool:
    from volfix.project.ci.daemons import DIND, THROWN_AWAY

    deployment = deploy.deployment
    workspace = deployment.pipeline.workspace
    if deployment.target in (DIND, THROWN_AWAY) or deployment.directory != workspace:
        return False
    return deployment.named_by == "directory" and deployment.project in deployment.pipeline.system.shared_names


def _files(context: Context, deploy: StackDeployment) -> list[ComposeFile]:
    """The Compose files of the deployment, the base file first."""
    by_path = {file.path: file for file in context.stack.files}
    return [by_path[path] for path in deploy.workflow.paths(deploy.deployment) if path in by_path]


def _evidence(context: Context, deploy: StackDeployment) -> Iterator[str]:
    yield f"Compose names the project after its directory, {deploy.deployment.directory}"
    keys = list(dict.fromkeys(move.volume for move in _volume_moves(context, deploy)))
    if keys:
        yield "on the host the volumes are named " + ", ".join(f"{deploy.deployment.project}_{key}" for key in keys)
    yield (
        f"other repositories may run as `{deploy.deployment.project}` on the host: `volfix carry` stops and renames only "
        "this repository's old containers, and removes none"
    )


def _fix(context: Context, deploy: StackDeployment, files: list[ComposeFile]) -> Fix | str:
    """The fix, or why there is none."""
    base = files[0]
    name = _name_elsewhere(context, deploy) or deploy.workflow.repository
    if any(file.version_1 for file in files):
        return VERSION_1
    if not name or name == deploy.deployment.project:
        return "volfix knows no other name for the project: set `name:` in the Compose file"
    moves = tuple(dict.fromkeys((*_volume_moves(context, deploy), *_bind_moves(context, deploy))))
    if _may_be_version_1(deploy):
        operation = _variable(deploy, name)
        if isinstance(operation, str):
            return operation
        return Fix((operation,), (DeploymentName(base.path, name),), Applicability.UNSAFE, moves)
    named = NameProject(base.source, base.documents[0], name)
    return Fix((named,), (NameChange(base.path, name),), Applicability.UNSAFE, moves)


def _name_elsewhere(context: Context, deploy: StackDeployment) -> str | None:
    """The name under which everything else deploys the stack; None for no name, or several."""
    from volfix.rules.evidence.project_names import deployed_names

    names = {name for project in deploy.projects for name in deployed_names(context, project).known}
    names.discard(deploy.deployment.project or "")
    return names.pop() if len(names) == 1 else None


def _may_be_version_1(deploy: StackDeployment) -> bool:
    """Whether the step may run Compose 1, which refuses a file with `name:`."""
    from volfix.knowledge.compose_clients import client_in

    deployment = deploy.deployment
    if deployment.call.plugin:
        return False
    client = client_in(deployment.step.image) if deployment.step.image and deploy.runs_in_container else None
    return client is None or not client.plugin


def _variable(deploy: StackDeployment, name: str) -> Operation | str:
    """The operation that sets COMPOSE_PROJECT_NAME in the step; or why volfix cannot set it."""
    refusal = step_refusal(deploy)
    if refusal is not None:
        return refusal
    source, document = deploy.workflow.file.source, deploy.deployment.pipeline.document
    step, entries = deploy.deployment.step.node, (("COMPOSE_PROJECT_NAME", name),)
    pair = step.pair("environment")
    if pair is None and step.get("environment") is None:
        return AddEntries(source, document, step, (("environment", entries),))
    if pair is None or not isinstance(pair.value, Mapping) or pair.value.anchor is not None or not pair.value.pairs:
        return "volfix cannot edit the step's `environment:`, which is empty or comes from elsewhere"
    return AddEntries(source, document, pair.value, entries)


def _volume_moves(context: Context, deploy: StackDeployment) -> Iterator[Move]:
    """A move for each volume that is named after the project."""
    seen = set()
    for use in context.stack.uses:
        key = use.mount.source
        if use.project not in deploy.projects or use.mount.kind != VOLUME or key in seen or use.mount.overridden:
            continue
        if use.project.real_name(key).endswith(f"_{key}"):
            seen.add(key)
            yield Move(use.service.name, f"volume:{deploy.deployment.project}_{key}", key, use.mount.raw_target)


def _bind_moves(context: Context, deploy: StackDeployment) -> Iterator[Move]:
    """A move for each relative bind mount that becomes a volume: its data is below the workspace on the host."""
    from volfix.project.ci.daemons import HOST_SOCKET

    deployment = deploy.deployment
    if deployment.target != HOST_SOCKET or not {"VF101", "VF102"} & context.selected:
        return
    for use in context.stack.uses:
        host = context.host_of(use.mount) if use.mount.kind == BIND and use.project in deploy.projects else None
        if host is None or host.path is None or not host.path.is_relative_to(deploy.workflow.checkout.root):
            continue
        held = held_data(context, use)
        fix = convert(context, use, held).fix if held is not None and held.kind != UNKNOWN else None
        if fix is not None:
            below = host.path.relative_to(deploy.workflow.checkout.root).as_posix()
            path = f"{deployment.pipeline.workspace}/{below}"
            yield Move(use.service.name, path, fix.moves[0].volume, use.mount.raw_target)


SPACED = COMPOSE.replace("]\nvolumes", "]\n\nvolumes")
UNNAMED = PIPELINE.replace("-p shop ", "")

RULE = Rule(
    code="VF303",
    name="shared-project-name",
    summary="Two stacks run under one project name; Drone deploys every repository as the project `src`.",
    why=(
        "Compose names containers, networks and volumes after the project, and the project after its directory. A "
        "Drone step works in /drone/src for every repository: two repositories on one host are one project. The "
        "second deployment replaces the containers of the first, and uses its volumes and its /drone/src on the host."
        " The same happens if a script starts two stacks with the same `-p`, and both keep a database in a volume of "
        "the same name."
    ),
    fix=(
        "volfix writes `name:` at the top of the Compose file, from the name of the repository's remote or directory. "
        "If the step may call Compose 1, which refuses a file with `name:`, it writes COMPOSE_PROJECT_NAME into the "
        "step's environment. Unsafe: the new project's volumes start EMPTY until the data is carried from "
        "`src_<volume>`. `volfix carry --from-project src` carries it, stops and renames the old containers of this "
        "repository, and removes no container."
    ),
    sources=(
        "drone-runners/drone-runner-docker: engine/compiler/workspace.go",
        "compose-spec/compose-go: cli/options.go",
    ),
    examples=(
        fixed_unsafe(
            "deployed from the workspace",
            {"web-shop/compose.yaml": SPACED, "web-shop/.drone.yml": UNNAMED},
            {"web-shop/compose.yaml": "name: web-shop\n\n" + SPACED},
        ),
        fixed_unsafe(
            "the exec runner's workspace ends in `src` too; the version stays first",
            {
                "Web.Shop/docker-compose.yml": "version: '3.8'\n" + COMPOSE,
                "Web.Shop/.drone.yml": UNNAMED.replace("type: docker", "type: exec"),
            },
            {"Web.Shop/docker-compose.yml": "version: '3.8'\nname: webshop\n" + COMPOSE},
        ),
        fixed_unsafe(
            "Compose 1 refuses `name:` in the file",
            {
                "web-shop/docker-compose.yml": COMPOSE,
                "web-shop/.drone.yml": UNNAMED.replace("docker:27-cli", "docker/compose:1.29.2").replace(
                    "docker compose", "docker-compose"
                ),
            },
            {
                "web-shop/.drone.yml": UNNAMED.replace("docker:27-cli", "docker/compose:1.29.2").replace(
                    "docker compose up -d\n",
                    "docker-compose up -d\n    environment:\n      COMPOSE_PROJECT_NAME: web-shop\n",
                )
            },
        ),
        reported(
            "two stacks under one name in one script",
            {
                "a/compose.yaml": COMPOSE,
                "b/compose.yaml": COMPOSE,
                "deploy.sh": "docker compose -p shop -f a/compose.yaml up -d\n"
                "docker compose -p shop -f b/compose.yaml up -d\n",
            },
        ),
        untouched(
            "two stacks under one name that share no volume",
            {
                "a/compose.yaml": COMPOSE,
                "b/compose.yaml": COMPOSE.replace("rows", "orders"),
                "deploy.sh": "docker compose -p shop -f a/compose.yaml up -d\n"
                "docker compose -p shop -f b/compose.yaml up -d\n",
            },
        ),
        untouched("a name in the file", {"compose.yaml": "name: shop\n" + COMPOSE, ".drone.yml": UNNAMED}),
        untouched(
            "a name with `-p`",
            {"compose.yaml": COMPOSE, ".drone.yml": UNNAMED.replace("compose up", "compose -p shop up")},
        ),
        untouched(
            "COMPOSE_PROJECT_NAME in the step",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": UNNAMED.replace(
                    "    commands", "    environment:\n      COMPOSE_PROJECT_NAME: shop\n    commands"
                ),
            },
        ),
        untouched(
            "a project in its own directory",
            {
                "shop/compose.yaml": COMPOSE,
                ".drone.yml": UNNAMED.replace("docker compose", "cd shop && docker compose"),
            },
        ),
        untouched(
            "Woodpecker's workspace ends in the repository's name",
            {
                "compose.yaml": COMPOSE,
                ".woodpecker.yml": "steps:\n  deploy:\n    image: docker:27-cli\n    volumes:\n"
                "      - /var/run/docker.sock:/var/run/docker.sock\n    commands:\n      - docker compose up -d\n",
            },
        ),
        untouched(
            "a test: the stack goes down again",
            {"compose.yaml": COMPOSE, ".drone.yml": UNNAMED.replace("up -d", "up -d && docker compose down")},
        ),
    ),
    check=check,
)
