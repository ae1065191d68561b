"""Given a pipeline that deploys through the host's socket, then a move begins where its data is on that host."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

PIPELINE = """\
kind: pipeline
name: {name}
workspace: {{path: {workspace}}}
steps:
- name: deploy
  image: docker:cli
  volumes: [{{name: socket, path: /var/run/docker.sock}}]
  commands: [docker compose up -d]
volumes: [{{name: socket, host: {{path: /var/run/docker.sock}}}}]
---
"""
HERE = "HERE"
"""The checkout's own directory, in a Compose file that names its absolute path."""


@pytest.mark.parametrize(
    ("source", "workspaces", "begins"),
    [
        pytest.param("./pg", ["/drone/src"], {"/drone/src/pg"}, id="where the pipeline has its checkout"),
        pytest.param("./pg", ["/drone/src", "/drone/src"], {"/drone/src/pg"}, id="where both pipelines have it"),
        pytest.param("./pg", ["/drone/src", "/srv/shop"], {"./pg"}, id="at one of two: nothing says which"),
        pytest.param("./pg", [], {"./pg"}, id="without a pipeline, in this checkout"),
        pytest.param(f"{HERE}/pg", ["/drone/src"], {f"{HERE}/pg"}, id="an absolute path is that of the host"),
    ],
)
def test_a_relative_source_is_read_in_the_pipelines_checkout(
    source: str, workspaces: list[str], begins: set[str], tmp_path: Path
) -> None:
    stack = f"services:\n  db:\n    image: postgres:16\n    volumes: ['{source}:/var/lib/postgresql/data']\n"
    (tmp_path / "compose.yaml").write_text(stack.replace(HERE, str(tmp_path)))
    if workspaces:
        text = "".join(PIPELINE.format(name=f"p{n}", workspace=path) for n, path in enumerate(workspaces))
        (tmp_path / ".drone.yml").write_text(text)
    moves = [
        move
        for project in volfix.plan(tmp_path, select=("VF101",), unsafe_fixes=True).projects
        for move in project.moves
    ]
    assert {move.source.replace(str(tmp_path), HERE) for move in moves} == begins
