"""Given data that is carried, when Compose is slow to start the services, then that is said, and Ctrl-C ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.docker import compose
from volfix.docker.deployed import deployed_at

SLOW = '#!/bin/sh\n[ "$2" = version ] || { echo $$ >"${0%/*}/pid"; exec sleep 3600; }\n'


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, with a docker command whose `compose up` does not end."""
    (tmp_path / "compose.yaml").write_text("name: shop\nservices: {app: {image: 'box:1'}}\n")
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(SLOW)
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:/usr/bin:/bin")
    monkeypatch.setattr(compose, "MOMENT", 0.3)
    return tmp_path


def test_who_waits_is_told_and_an_interrupt_says_what_goes_on(shop: Path) -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compose.up(deployed_at(shop).project, ["app"], say)
    first, second, _, last = said
    assert first == "starting app"
    assert second.endswith("The data is in place and compared; Ctrl-C ends the waiting")
    assert last.startswith("the data is in place and compared, but not started again: app. The start was interrupted")
    assert last.endswith(
        f"docker compose -f {shop}/compose.yaml --project-directory {shop} -p shop up -d --no-build app"
    )
    process = int((shop / "bin" / "pid").read_text())
    assert not Path(f"/proc/{process}").exists(), "Compose ended with the waiting"
