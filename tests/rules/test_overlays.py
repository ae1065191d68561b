"""A declaration is judged in every combination of Compose files that is known; what none completes is not edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from combination_factory import COMPOSE, changed, contents, laid, of, taken, takes

import volfix

pytestmark = pytest.mark.skipif(COMPOSE is None, reason="needs docker-compose")

WEB = "services:\n  web:\n    image: nginx\n    volumes: ['sites:/sites']\n"
EXTERNAL = WEB + "volumes:\n  sites:\n    external: true\n"
NFS = WEB + "volumes:\n  sites:\n    driver: nfs\n"
PLAIN = WEB + "volumes:\n  sites:\n"
JOBS = "services:\n  cron:\n    image: alpine\n    depends_on: [web]\n    volumes: ['sites:/sites']\n"
NETWORKED = "services:\n  cron:\n    image: alpine\n    networks: [inner]\n    volumes: ['sites:/sites']\n"
INNER = "services:\n  web:\n    image: nginx\nnetworks:\n  inner:\n"


def up(*combinations: str) -> str:
    """A script that brings up each of the combinations."""
    return "".join(f"docker compose {' '.join(f'-f {name}' for name in each.split())} up -d\n" for each in combinations)


ONE = "compose.yaml jobs/jobs.compose.yaml"

DECLARED_ELSEWHERE = [
    # the overlay is a project with its base alone, and the base has the volume: nothing is to be done
    ({"compose.yaml": EXTERNAL, "jobs/jobs.compose.yaml": JOBS, "up.sh": up(ONE)}, ONE),
    ({"compose.yaml": PLAIN, "jobs/jobs.compose.yaml": JOBS, "README.md": "Type:\n\n    " + up(ONE)}, ONE),
    (
        {
            "compose.yaml": PLAIN,
            "jobs/jobs.compose.yaml": JOBS,
            "docs/run.rst": up(ONE).replace(" -f j", " \\\n  -f j"),
        },
        ONE,
    ),
    ({"compose.yaml": EXTERNAL, "jobs/jobs.compose.yaml": JOBS, "Makefile": "up:\n\t" + up(ONE)}, ONE),
    (
        {"compose.yaml": NFS, "jobs/jobs.compose.yaml": JOBS, ".env": "COMPOSE_FILE=" + ONE.replace(" ", ":") + "\n"},
        ONE,
    ),
    (
        {
            "compose.yaml": "include: [jobs/jobs.compose.yaml]\n" + EXTERNAL,
            "jobs/jobs.compose.yaml": JOBS,
        },
        "compose.yaml",
    ),
    (
        {
            ".github/workflows/ci.yml": "jobs: {a: {steps: [{run: '" + up(ONE).strip() + "'}]}}\n",
            "compose.yaml": INNER + "volumes: {sites: {external: true}}\n",
            "jobs/jobs.compose.yaml": NETWORKED,
        },
        ONE,
    ),
    (
        {
            ".drone.yml": "kind: pipeline\ntype: docker\nname: d\nsteps:\n- name: up\n  image: docker\n  commands:\n"
            "  - cd deploy\n  - " + up(ONE),
            "deploy/compose.yaml": EXTERNAL,
            "deploy/jobs/jobs.compose.yaml": JOBS,
        },
        "deploy/compose.yaml deploy/jobs/jobs.compose.yaml",
    ),
]


@pytest.mark.parametrize(("files", "combination"), DECLARED_ELSEWHERE)
def test_an_overlay_is_judged_with_its_base(files: dict[str, str], combination: str, tmp_path: Path) -> None:
    assert takes(laid(tmp_path, files), combination)
    assert not takes(tmp_path, "jobs/jobs.compose.yaml")
    before = contents(tmp_path)
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF1"])
    assert of(plan, "VF108") == []
    plan.write()
    assert not changed(before, tmp_path)


PLACED = [
    # nothing declares it: the file that mounts it, once, however many combinations load it
    (
        {
            "compose.yaml": INNER,
            "jobs/jobs.compose.yaml": NETWORKED,
            "up.sh": up(ONE, f"{ONE} more.yaml"),
            "more.yaml": INNER,
        },
        [ONE, f"{ONE} more.yaml"],
        {"jobs/jobs.compose.yaml"},
    ),
    # two bases, one of which has it as an external volume: the other base declares it
    (
        {
            "compose.yaml": EXTERNAL,
            "plain.yaml": "services:\n  web: {image: nginx}\n",
            "jobs/jobs.compose.yaml": JOBS,
            "up.sh": up(ONE, "plain.yaml jobs/jobs.compose.yaml"),
        },
        [ONE, "plain.yaml jobs/jobs.compose.yaml"],
        {"plain.yaml"},
    ),
    (
        {
            "compose.yaml": NFS,
            "plain.yaml": "services:\n  web: {image: nginx}\n",
            "jobs/jobs.compose.yaml": JOBS,
            "README.md": up(ONE, "plain.yaml jobs/jobs.compose.yaml"),
        },
        [ONE, "plain.yaml jobs/jobs.compose.yaml"],
        {"plain.yaml"},
    ),
    # what `extends` takes over brings no volumes along
    (
        {
            "compose.yaml": "services:\n  web:\n    extends: {file: common.yaml, service: base}\n",
            "common.yaml": "services:\n  base:\n    image: nginx\n    volumes: ['sites:/sites']\nvolumes: {sites: }\n",
        },
        ["compose.yaml"],
        {"compose.yaml"},
    ),
    # an included file, which is no project alone
    (
        {
            "compose.yaml": "include: [parts/jobs.yaml]\nservices:\n  web: {image: nginx}\n",
            "parts/jobs.yaml": JOBS,
        },
        ["compose.yaml"],
        {"parts/jobs.yaml"},
    ),
    # the overlay takes back what the base declares
    (
        {
            "compose.yaml": PLAIN,
            "jobs/jobs.compose.yaml": JOBS + "volumes: !override\n  cache:\n",
            "up.sh": up(ONE),
        },
        [ONE],
        {"jobs/jobs.compose.yaml"},
    ),
    (
        {
            "compose.yaml": "services:\n  web: {image: nginx}\nnetworks: {inner: }\n",
            "compose.override.yaml": NETWORKED,
        },
        ["compose.yaml compose.override.yaml"],
        {"compose.override.yaml"},
    ),
]


@pytest.mark.parametrize(("files", "combinations", "edited"), PLACED)
def test_the_declaration_stands_where_every_combination_stays_valid(
    files: dict[str, str], combinations: list[str], edited: set[str], tmp_path: Path
) -> None:
    before = taken(laid(tmp_path, files), combinations)
    old = contents(tmp_path)
    plan = volfix.plan(tmp_path, select=["VF108"])
    assert len({(item.location.path, item.location.line, item.service) for item in plan.findings}) == len(plan.findings)
    assert not [project.failure for project in plan.write().projects if project.failure]
    after = taken(tmp_path, combinations)
    assert all(after.values()), (before, after)
    assert changed(old, tmp_path) == edited
    assert of(volfix.plan(tmp_path), "VF108") == []


REFUSED = [
    # a base that has it as an external volume, and the overlay alone with a base that takes it back
    {
        "compose.yaml": EXTERNAL,
        "jobs/jobs.compose.yaml": JOBS,
        "reset.yaml": "volumes: !reset {}\n",
        "up.sh": up(ONE, f"{ONE} reset.yaml"),
    },
    {
        "compose.yaml": NFS,
        "jobs/jobs.compose.yaml": JOBS,
        "reset.yaml": "volumes:\n  sites: !reset null\n",
        "up.sh": up(ONE, f"{ONE} reset.yaml"),
    },
]


@pytest.mark.parametrize("files", REFUSED)
def test_where_no_place_is_right_the_reason_is_said(files: dict[str, str], tmp_path: Path) -> None:
    before = contents(laid(tmp_path, files))
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF108"])
    assert plan.findings and all(item.fix is None and item.reason for item in plan.findings)
    plan.write()
    assert not changed(before, tmp_path)


PG = "    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
NEVER_A_PROJECT = [
    ("VF108", {"overrides/jobs.compose.yaml": JOBS}, "cron needs the service web"),
    ("VF108", {"compose.yaml": "services: {other: {image: nginx}}\n", "compose.jobs.yaml": JOBS}, "the service web"),
    ("VF108", {"overrides/compose.net.yaml": NETWORKED}, "cron needs the network inner"),
    ("VF101", {"overrides/pg.compose.yaml": f"services:\n  db:\n    depends_on: [web]\n{PG}"}, "the service web"),
    ("VF101", {"overrides/pg.compose.yaml": f"services:\n  db:\n    networks: [inner]\n{PG}"}, "the network inner"),
    ("VF101", {"overrides/pg.compose.yaml": f"services:\n  db:\n    secrets: [pw]\n{PG}"}, "the secret pw"),
    ("VF108", {"overrides/jobs.compose.yaml": JOBS.replace("[web]", "[web]\n    profiles: [jobs]")}, "the service web"),
    ("VF101", {"compose.pg.yaml": f"services:\n  db:\n    volumes_from: [web]\n{PG}"}, "the service web"),
    (
        "VF102",
        {
            "compose.yaml": "services:\n  web: {ports: ['80:80']}\n  n:\n    image: gitea/gitea\n    volumes: ['./d:/data']\n"
        },
        "web has neither image nor build",
    ),
    (
        "VF105",
        {"overrides/pg.compose.yaml": "services:\n  db:\n    image: postgres:16\n    links: [web]\n"},
        "service web",
    ),
    (
        "VF109",
        {
            "overrides/pg.compose.yaml": "services:\n  db:\n    image: mysql:8\n    depends_on: [web]\n"
            "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n"
        },
        "the service web",
    ),
]


@pytest.mark.parametrize(("code", "files", "said"), NEVER_A_PROJECT)
def test_a_file_that_nothing_completes_is_reported_and_not_edited(
    code: str, files: dict[str, str], said: str, tmp_path: Path
) -> None:
    before = contents(laid(tmp_path, files))
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=[code])
    assert plan.findings
    for finding in plan.findings:
        assert finding.fix is None
        assert said in (finding.reason or "")
    assert any("volfix found no Compose file that adds it" in note for note in plan.result.notes)
    plan.write()
    assert not changed(before, tmp_path)


@pytest.mark.parametrize(
    "base",
    ["services: {web: {image: nginx}}\n", "services: {web: {build: .}}\n", "include: [web.yaml]\n"],
)
def test_one_command_that_completes_it_is_enough(base: str, tmp_path: Path) -> None:
    overlay = f"services:\n  db:\n    depends_on: [web]\n{PG}"
    files = {
        "base.yaml": base,
        "web.yaml": "services: {web: {image: nginx}}\n",
        "overrides/pg.compose.yaml": overlay,
        "docs/how.md": "```sh\n" + up("base.yaml overrides/pg.compose.yaml") + "```\n",
    }
    laid(tmp_path, files)
    plan = volfix.plan(tmp_path)
    assert [item.applicability.value for item in of(plan, "VF101")] == ["safe"]
    plan.write()
    assert takes(tmp_path, "base.yaml overrides/pg.compose.yaml")
    assert b"db-data:\n    driver: local" in (tmp_path / "overrides/pg.compose.yaml").read_bytes()


def test_a_driver_is_not_said_of_what_another_file_has_otherwise(tmp_path: Path) -> None:
    base = "services:\n  db:\n    image: mysql:8\n    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n"
    laid(tmp_path, {"compose.yaml": base, "compose.override.yaml": "volumes: {sql: {external: true}}\n"})
    assert takes(tmp_path, "compose.yaml compose.override.yaml")
    plan = volfix.plan(tmp_path, select=["VF109"])
    assert [item.fix for item in plan.findings] == [None]
