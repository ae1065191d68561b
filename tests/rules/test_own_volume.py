"""Given a service without a mount for data, then it gets a volume only where it is clear whose rows go there."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Finding

DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
APP = "services:\n  app:\n    build: .\n    environment: {DB_PATH: %s}\n"
STORAGE = APP % "/app/storage/app.db"
ROWS = "    volumes: ['rows:/app/storage']\nvolumes: {rows: {}}\n"


def findings(root: Path, files: dict[str, str]) -> list[Finding]:
    for name, text in {"Dockerfile": DOCKERFILE, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = [each for each in volfix.plan(root, unsafe_fixes=True).findings if each.code == "VF201"]
    assert found
    return found


REFUSED = {
    "another service mounts the file that the same env file names": (
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    env_file: .env.prod\n"
            "  worker:\n    build: .\n    env_file: .env.prod\n" + ROWS,
            ".env.prod": "DB_PATH=/app/storage/app.db\n",
        },
        "worker names /app/storage/app.db too: mount one volume in both services",
    ),
    "another service of the same code mounts the file": (
        {"compose.yaml": STORAGE + STORAGE.replace("services:\n", "").replace("app:\n", "worker:\n") + ROWS},
        "worker names /app/storage/app.db too",
    ),
    "another file gives the service a mount": (
        {"compose.yaml": STORAGE, "compose.prod.yaml": "services:\n  app:\n" + ROWS},
        "with compose.yaml and compose.prod.yaml, app has a mount for a database",
    ),
    "the service names two": (
        {"compose.yaml": STORAGE.replace("}", ", STATE_DB_PATH: /app/storage/state.db}"), "Dockerfile": DOCKERFILE},
        "which no mount holds either",
    ),
    "another service of the same image": (
        {
            "compose.yaml": STORAGE.replace("build: .", "image: example.org/acme/app:1")
            + "  worker:\n    image: example.org/acme/app:1\n    environment: {DB_PATH: /app/storage/app.db}\n"
        },
        "names /app/storage/app.db too",
    ),
    "another service extends it": (
        {"compose.yaml": STORAGE + "  worker:\n    extends: app\n    environment: {DB_PATH: '/tmp/x.db'}\n"},
        "worker extends app, and would mount the volume too",
    ),
    "a service of another file extends it": (
        {
            "compose.yaml": STORAGE,
            "compose.tools.yaml": "services:\n  shell:\n    extends: {file: compose.yaml, service: app}\n"
            "    environment: {DB_PATH: /tmp/x.db}\n",
        },
        "shell extends app, and would mount the volume too",
    ),
    "a service of another file extends it under the same name": (
        {
            "compose.yaml": STORAGE,
            "compose.tools.yaml": "services:\n  app:\n    extends: {file: compose.yaml, service: app}\n",
        },
        "app in compose.tools.yaml extends app, and would mount the volume too",
    ),
    "with another file, a service takes its mounts": (
        {
            "compose.yaml": STORAGE,
            "compose.prod.yaml": "services:\n  backup:\n    image: alpine\n    volumes_from: [app]\n",
        },
        "backup takes its mounts from app (volumes_from), and would mount the volume too",
    ),
    "a Dockerfile that is not there": (
        {"compose.yaml": STORAGE.replace("build: .", "build: {context: ., dockerfile: Other}")},
        "the service has no mount for data",
    ),
    "replicas that an override leaves as they are": (
        {
            "compose.yaml": STORAGE + "    deploy: {replicas: 3}\n",
            "compose.override.yaml": "services:\n  app:\n    deploy: {resources: {}}\n",
        },
        "several containers of app may run at once",
    ),
    "replicas without end": (
        {"compose.yaml": STORAGE + f"    deploy: {{replicas: {'9' * 5000}}}\n"},
        "several containers of app may run at once",
    ),
    "replicas": (
        {"compose.yaml": STORAGE + "    deploy: {replicas: 3}\n"},
        "several containers of app may run at once",
    ),
    "as many as there are nodes": (
        {"compose.yaml": STORAGE + "    deploy: {mode: global}\n"},
        "several containers of app may run at once",
    ),
    "as many as a variable says": (
        {"compose.yaml": STORAGE + "    scale: ${WORKERS}\n"},
        "several containers of app may run at once",
    ),
    "an anchor": (
        {"compose.yaml": STORAGE.replace("app:\n", "app: &app\n", 1)},
        "the service comes from an anchor",
    ),
    "a config in the directory": (
        {
            "compose.yaml": STORAGE + "    configs: [{source: limits, target: /app/storage/limits.json}]\n"
            "configs: {limits: {file: ./limits.json}}\n"
        },
        "the service has no mount for data",
    ),
    "memory in the directory": (
        {"compose.yaml": STORAGE + "    tmpfs: [/app/storage/cache]\n"},
        "the service has no mount for data",
    ),
    "an image that nobody sees into": (
        {"compose.yaml": (APP % "/app/app.db").replace("build: .", "image: example.org/acme/app:1")},
        "the service has no mount for data",
    ),
    "another stage fills the directory": (
        {"compose.yaml": STORAGE, "Dockerfile": DOCKERFILE + "COPY --from=acme/seed /seed /app/storage\n"},
        "the service has no mount for data",
    ),
    "another stage fills a directory above": (
        {"compose.yaml": STORAGE, "Dockerfile": DOCKERFILE + "COPY --from=acme/seed /app /app\n"},
        "the service has no mount for data",
    ),
    "commands fill both directories": (
        {
            "compose.yaml": STORAGE,
            "Dockerfile": DOCKERFILE
            + "RUN mkdir storage && cd storage && curl -o limits.json https://example.org/ \\\n"
            "  && if [ -d data ]; then cp --target-directory=/app/storage/data limits.json; fi\n",
        },
        "the service has no mount for data",
    ),
}


@pytest.mark.parametrize(("files", "reason"), REFUSED.values(), ids=REFUSED)
def test_in_doubt_there_is_no_volume_and_the_reason_is_said(files: dict[str, str], reason: str, tmp_path: Path) -> None:
    found = findings(tmp_path, files)
    assert not any(each.fix for each in found)
    assert all(reason in (each.reason or "") for each in found)


PLACES = {
    "where the file lies, if nothing else does": ("/app/storage/app.db", "", "/app/storage"),
    "beside code, in a directory of its own": ("/app/app.db", "", "/app/data"),
    "below a directory that a base image has": ("/root/app.db", "", "/root/data"),
    "directories that the build makes and gives away": (
        "/app/storage/app.db",
        "RUN mkdir -p /app/storage && chown -R 0:0 storage && install -d /app/storage/more\n",
        "/app/storage",
    ),
    "a directory that the build fills is not hidden": (
        "/app/storage/app.db",
        "RUN echo '{}' >storage/limits.json\n",
        "/app/storage/data",
    ),
    "an archive that is unpacked": ("/app/storage/app.db", "ADD seed.tar.gz storage/\n", None),
}


@pytest.mark.parametrize(("path", "more", "target"), PLACES.values(), ids=PLACES)
def test_where_the_volume_is_mounted(path: str, more: str, target: str | None, tmp_path: Path) -> None:
    found = findings(tmp_path, {"compose.yaml": APP % path, "Dockerfile": DOCKERFILE + more})
    targets = [move.target for each in found for move in (each.fix.moves if each.fix else ())]
    assert targets == ([target] if target else [])
