"""What stays safe: the product's own case as people write it, and the engines' binds in the checkout."""

from __future__ import annotations

import subprocess
from itertools import product
from pathlib import Path

import pytest

import volfix

SHORT = "      - {source}:/app/data\n"
LONG = "      - type: {kind}\n        source: {source}\n        target: /app/data\n"
URLS = {
    "relative": ("sqlite:///./database.db", "sqlite:///./data/database.db"),
    "absolute": ("sqlite:////app/database.db", "sqlite:////app/data/database.db"),
}
IMAGES = {
    "Dockerfile": (
        "    build: .\n",
        {"Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD python main.py\n"},
    ),
    "build without Dockerfile": ("    build: .\n", {}),
    "image": ("    image: ghcr.io/acme/api:2\n", {}),
}
PLACES = {
    ".env, named": ("    env_file: .env\n", ".env", "DATABASE_URL={url}\n"),
    ".env, not named": ("", ".env", "DATABASE_URL={url}\n"),
    ".env.prod, named": ("    env_file: [.env.prod]\n", ".env.prod", "DEBUG=0\nDATABASE_URL={url}\n"),
    ".env.prod, not named": ("", ".env.prod", "DATABASE_URL={url}  # rows\n"),
    "environment, a list": ("    environment:\n      - DATABASE_URL={url}\n", None, ""),
    "environment, a mapping": ("    environment:\n      DATABASE_URL: {url}\n", None, ""),
    "interpolated": ("    environment:\n      DATABASE_URL: ${{DATABASE_URL}}\n", ".env", "DATABASE_URL={url}\n"),
}


def compose(image: str, keys: str, url: str, mount: str, declared: str) -> str:
    return f"services:\n  app:\n{image}{keys.format(url=url)}    volumes:\n{mount}{declared}"


def write(root: Path, files: dict[str, str], *, git: bool) -> None:
    for name, text in files.items():
        (root / name).write_text(text)
    if git:
        for words in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", *words], cwd=root, check=True)


def texts(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in root.iterdir() if path.is_file()}


@pytest.mark.parametrize("git", [True, False], ids=["in git", "outside git"])
@pytest.mark.parametrize("syntax", ["short", "long"])
@pytest.mark.parametrize(("place", "url", "image"), list(product(PLACES, URLS, IMAGES)))
def test_the_database_moves_into_the_volume(
    place: str, url: str, image: str, syntax: str, git: bool, tmp_path: Path
) -> None:
    (keys, name, text), (old, new), (source, extra) = PLACES[place], URLS[url], IMAGES[image]
    mount, volume = (SHORT, SHORT) if syntax == "short" else (LONG, LONG)
    files = {"compose.yaml": compose(source, keys, old, mount.format(kind="bind", source="./data"), ""), **extra}
    after = {
        **files,
        "compose.yaml": compose(
            source,
            keys,
            new,
            volume.format(kind="volume", source="app-db"),
            "\nvolumes:\n  app-db:\n    driver: local\n",
        ),
    }
    if name is not None:
        files[name], after[name] = text.format(url=old), text.format(url=new)
    write(tmp_path, files, git=git)
    plan = volfix.plan(tmp_path)
    said = {(finding.code, finding.applicability.value) for finding in plan.findings if finding.code[2] in "12"}
    assert {("VF101", "safe"), ("VF201", "safe")} <= said
    assert not [project.failure for project in plan.write().projects if project.failure]
    assert texts(tmp_path) == after
    assert not volfix.plan(tmp_path).edits


def test_a_source_in_the_long_form_lies_in_the_checkout_without_a_dot_too(tmp_path: Path) -> None:
    said = []
    for source in ("./data", "data"):
        mount = LONG.format(kind="bind", source=source)
        write(tmp_path, {"compose.yaml": compose(IMAGES["image"][0], "", "", mount, "")}, git=False)
        (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///./database.db\n")
        findings = volfix.plan(tmp_path).findings
        said.append([(each.message, each.applicability, each.fix and each.fix.moves) for each in findings])
    assert said[0] == said[1]
    assert said[0][0][2], "the rows are named that have to be carried"


ENGINES = {
    "postgres": ("postgres:16", "/var/lib/postgresql/data"),
    "mysql": ("mysql:8.4", "/var/lib/mysql"),
    "mariadb": ("mariadb:11", "/var/lib/mysql"),
    "mongo": ("mongo:7", "/data/db"),
    "redis": ("redis:7", "/data"),
}


@pytest.mark.parametrize("git", [True, False], ids=["in git", "outside git"])
@pytest.mark.parametrize("source", ["./data", "${PWD}/pgdata", "${DATA:-./data}"])
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_in_the_checkout_gets_a_volume(engine: str, source: str, git: bool, tmp_path: Path) -> None:
    image, target = ENGINES[engine]
    text = f"services:\n  db:\n    image: {image}\n    volumes:\n      - {{source}}:{target}\n"
    write(tmp_path, {"compose.yaml": text.format(source=source)}, git=git)
    plan = volfix.plan(tmp_path)
    assert [(finding.code, finding.applicability.value) for finding in plan.findings] == [("VF101", "safe")]
    assert not [project.failure for project in plan.write().projects if project.failure]
    after = text.format(source="db-data") + "\nvolumes:\n  db-data:\n    driver: local\n"
    assert texts(tmp_path) == {"compose.yaml": after}
    assert not volfix.plan(tmp_path).edits
