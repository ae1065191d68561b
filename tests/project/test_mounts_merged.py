"""What mounts and volumes become when files are merged, the same as Compose says where it is installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from campaign.differential import asked, differences, read

BIN = Path(sys.executable).parent
HAS_COMPOSE = shutil.which("docker-compose", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}") is not None
APP = "services:\n  app:\n    image: x\n"
VOLUMES = "volumes:\n  rows:\n  other:\n"
Files = dict[str, str]

PROJECTS: dict[str, tuple[Files, dict[str, str]]] = {
    "a later file's mount at one target wins": (
        {
            "compose.yaml": APP + "    volumes: ['./a:/data', 'rows:/rows']\n" + VOLUMES,
            "compose.z.yaml": "services:\n  app:\n    volumes: ['other:/data/']\n",
        },
        {"/data": "other", "/rows": "rows"},
    ),
    "an entry that an extended service has already is not added again": (
        {
            "compose.yaml": APP.replace("app:", "base:") + "    volumes: ['other:/data']\n"
            "  middle:\n    extends: {service: base}\n    volumes: ['rows:/data']\n"
            "  app:\n    extends: {service: middle}\n    volumes: ['other:/data']\n" + VOLUMES,
        },
        {"/data": "rows"},
    ),
    "nor where that service is in another file": (
        {
            "base.yaml": APP.replace("app:", "base:") + "    volumes: [{type: volume, target: /data}]\n"
            "  middle:\n    extends: {service: base}\n    volumes: ['rows:/data']\n",
            "compose.yaml": "services:\n  app:\n    extends: {file: base.yaml, service: middle}\n"
            "    volumes: [{type: volume, target: /data}]\n" + VOLUMES,
        },
        {"/data": "rows"},
    ),
    "nor that an earlier file has in the long form": (
        {
            "compose.yaml": APP + "    volumes: [{type: volume, source: other, target: /data}]\n" + VOLUMES,
            "compose.z.yaml": "services:\n  app:\n    volumes:\n      - rows:/data\n"
            "      - {type: volume, source: other, target: /data}\n",
        },
        {"/data": "rows"},
    ),
    "in the short form it is": (
        {
            "compose.yaml": APP + "    volumes: ['other:/data']\n" + VOLUMES,
            "compose.z.yaml": "services:\n  app:\n    volumes: ['rows:/data', 'other:/data']\n",
        },
        {"/data": "other"},
    ),
    "an override takes the place of all": (
        {
            "compose.yaml": APP + "    volumes: ['./a:/data', 'rows:/rows']\n" + VOLUMES,
            "compose.z.yaml": "services:\n  app:\n    volumes: !override ['other:/other']\n",
        },
        {"/other": "other"},
    ),
    "a reset leaves none": (
        {
            "compose.yaml": APP + "    volumes: ['./a:/data']\n",
            "compose.z.yaml": "services:\n  app:\n    volumes: !reset null\n",
        },
        {},
    ),
    "behind a reset is what merge keys bring in": (
        {
            "compose.yaml": APP + "    volumes: ['./a:/data']\n" + VOLUMES,
            "compose.z.yaml": "x-m: &m\n  volumes: ['rows:/merged']\nservices:\n  app:\n    <<: *m\n"
            "    volumes: !reset null\n",
        },
        {"/merged": "rows"},
    ),
    "names and directories of volumes hold variables": (
        {
            "compose.yaml": APP + "    volumes:\n      - {type: volume, source: rows, target: /data, volume: "
            "{subpath: $WHERE}}\n      - outer:/outer\nvolumes:\n  rows: {name: 'shop-${WHERE}'}\n"
            "  outer: {external: true, name: '${UNSET:-outside}'}\n",
            ".env": "WHERE=here\n",
        },
        {"/data": "rows", "/outer": "outer"},
    ),
}


@pytest.mark.parametrize(("files", "expected"), PROJECTS.values(), ids=PROJECTS)
def test_the_mounts_are_those_of_the_merged_files(
    files: Files, expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    names = tuple(sorted(name for name in files if name.startswith("compose")))
    project = read(tmp_path, names)
    assert not isinstance(project, str)
    found = {mount.clean_target: mount.source for mount in project.services["app"].mounts if not mount.overridden}
    assert found == expected
    if HAS_COMPOSE:
        monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
        config = asked(tmp_path, names)
        assert not isinstance(config, str), config
        assert list(differences(config, project, tmp_path)) == []


@pytest.mark.parametrize(("borrowed", "is_read_only"), [("db", False), ("db:rw", False), ("db:ro", True)])
def test_what_a_service_borrows_from_another_is_read_only_where_it_says_so(
    borrowed: str, is_read_only: bool, tmp_path: Path
) -> None:
    text = "services:\n  db:\n    image: x\n    volumes: ['rows:/data', './etc:/etc/x:ro']\n"
    (tmp_path / "compose.yaml").write_text(f"{text}  app:\n    image: x\n    volumes_from: ['{borrowed}']\n{VOLUMES}")
    project = read(tmp_path, ("compose.yaml",))
    assert not isinstance(project, str)
    found = {mount.target: mount.read_only for mount in project.mounts_of(project.services["app"])}
    assert found == {"/data": is_read_only, "/etc/x": True}
