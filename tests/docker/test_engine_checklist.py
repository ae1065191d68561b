"""The checklist with an engine to ask: what runs now, under which name, with which mounts and values."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Host
from test_carry_command import database

from volfix.cli.main import volfix
from volfix.docker.engine import Engine

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]

COMPOSE = """\
name: shop
services:
  app:
    image: box:1
    network_mode: host
    stop_grace_period: 0s
    environment:
      DATABASE_URL: sqlite:////app/data/app.db
    volumes:
      - rows:/app/data
volumes:
  rows:
    driver: local
"""


@pytest.fixture
def shop(tmp_path: Path, engine: Engine) -> Path:
    """A project; the engine is there, and holds nothing of it yet."""
    del engine
    root = tmp_path / "shop"
    root.mkdir()
    (root / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return root


def printed(root: Path) -> str:
    done = CliRunner().invoke(volfix, ["explain", str(root)])
    assert done.exit_code == 0, done.output
    assert "not looked at" not in done.output
    return done.output


def answers(root: Path) -> str:
    """What `volfix explain` prints, without the breaks of its lines."""
    return " ".join(printed(root).split())


def test_before_the_first_deployment_nothing_of_it_is_there(shop: Path) -> None:
    text = answers(shop)
    assert "? no container of a project shop is on this daemon" in text
    assert "? the volume shop_rows is not on this daemon: the next `up` makes it, empty" in text


def test_a_deployed_stack_that_fits_its_files_is_fine(shop: Path, host: Host) -> None:
    host.compose(shop, "up", "-d")
    text = answers(shop)
    assert "ok shop-app-1 has shop_rows at /app/data now" in text
    assert "ok shop-app-1 has this DATABASE_URL now" in text
    assert "running containers of shop: 1" in text
    assert [line for line in printed(shop).splitlines() if line.startswith("   !")] == []


def test_a_container_that_was_not_recreated_is_seen(shop: Path, host: Host) -> None:
    (shop / "compose.yaml").write_text(COMPOSE.replace("- rows:", "- ./data:"), encoding="utf-8")
    host.compose(shop, "up", "-d")
    changed = COMPOSE.replace("app.db", "other.db")
    (shop / "compose.yaml").write_text(changed, encoding="utf-8")
    text = answers(shop)
    assert f"! shop-app-1 has {shop}/data at /app/data, and the files say shop_rows" in text
    assert "! shop-app-1 has another DATABASE_URL now" in text


def test_the_same_stack_under_another_name_is_seen(shop: Path, host: Host) -> None:
    host.compose(shop, "-p", "src", "up", "-d")
    text = answers(shop)
    assert "! src-app-1 was started from here as the project src: its volumes are not those of shop" in text


def test_the_mark_of_a_carry_says_from_where_and_what_came_later(shop: Path, host: Host, content: Content) -> None:
    (shop / "data").mkdir()
    database(shop / "data" / "app.db")
    (shop / "compose.yaml").write_text(COMPOSE.replace("- rows:", "- ./data:"), encoding="utf-8")
    for words in (
        ("init", "-q"),
        ("add", "compose.yaml"),
        ("-c", "user.email=a@b", "-c", "user.name=a", "commit", "-qmx"),
    ):
        host.command(shop, "git", *words)
    (shop / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    host.compose(shop, "up", "--no-start")
    text = answers(shop)
    assert f"! NOT CARRIED: {shop}/data holds the SQLite database app.db (git, commit" in text
    assert "(VF112)" not in text, "it is said once"
    host.compose(shop, "down", "-v")
    said = host.volfix(shop, "carry", "--write")
    assert "No service had a container. Next: deploy as always." in said
    text = answers(shop)
    assert "ok shop_rows was carried from ./data at 20" in text
    assert "app had ./data" not in text, "what was carried is no question any more"
    assert "NOT CARRIED" not in host.volfix(shop, "--select", "VF112")
    volume = content("shop_rows")
    (volume / "app.db-journal").touch()  # before Docker 24 the engine takes this for the time when the volume was made
    later = time.time()
    os.utime(shop / "data" / "app.db", (later, later))
    text = answers(shop)
    assert "! shop_rows was carried from ./data at 20" in text
    assert f"and {shop}/data has changed since: what came later is not in it" in text
    assert "NOT CARRIED" in host.volfix(shop, "--select", "VF112", statuses=(1,))


def test_a_volume_of_an_older_volfix_has_no_time_and_is_not_called_carried(
    shop: Path, host: Host, content: Content
) -> None:
    (shop / "data").mkdir()
    database(shop / "data" / "app.db")
    labels = ("dev.volfix.carried-from=./data", "com.docker.compose.project=shop", "com.docker.compose.volume=rows")
    host.docker("volume", "create", *(f"--label={label}" for label in labels), "shop_rows")
    database(content("shop_rows") / "app.db")
    text = answers(shop)
    assert "? shop_rows was carried from ./data; no time is noted: look whether that has changed since" in text
    assert "ok shop_rows was carried" not in text
    said = host.volfix(shop, "carry", "--write", "--map", "./data=rows")
    assert (
        "rows: shop_rows was filled by an earlier volfix, which noted no time: look whether ./data has changed" in said
    )
    assert "If not, move that away" in said
