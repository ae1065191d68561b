"""Given fixes that rename a project, then the findings call each volume what it is called after them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import volfix

FILES = {
    "compose.yaml": "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n",
    ".drone.yml": """\
kind: pipeline
name: default
steps:
- name: deploy
  image: docker:cli
  volumes: [{name: socket, path: /var/run/docker.sock}]
  commands: [docker compose up -d]
volumes: [{name: socket, host: {path: /var/run/docker.sock}}]
""",
}


def test_the_evidence_names_the_volume_of_the_new_project(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    root.mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text)
    for words in ("init -q", "remote add origin https://git.example.org/ada/shop.git"):
        subprocess.run(["git", "-C", str(root), *words.split()], check=True)
    (project,) = volfix.plan(root, select=("VF101", "VF303"), unsafe_fixes=True).projects
    assert (project.renamed, project.failure) == ("shop", None)
    assert [change.after.text.splitlines()[0] for change in project.changes] == ["name: shop"]
    lines = [line for reported in project.findings for line in reported.finding.evidence]
    assert "on the host the volume will be called shop_db-data" in lines
    assert not any("src_db-data" in line for line in lines)
