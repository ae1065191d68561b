"""Given rows in a volume, when `volfix carry --back` is called, then they go where the application would look."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Host
from test_carry_command import AFTER, BEFORE, BESIDE, INSIDE, Shop, database, filled, rows_in

from volfix.docker.engine import Engine

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]
DRONE = """\
kind: pipeline
type: docker
name: deploy
workspace:
  path: {workspace}
steps:
  - name: deploy
    image: docker:27-cli
    volumes:
      - name: socket
        path: /var/run/docker.sock
    commands:
      - docker compose up -d
volumes:
  - name: socket
    host:
      path: /var/run/docker.sock
"""


@pytest.fixture
def shop(host: Host, engine: Engine, tmp_path: Path) -> Shop:
    return Shop(host, tmp_path / "shop")


def deployed_from(shop: Shop, directory: Path, name: str, text: str = AFTER) -> None:
    """Deploy a copy of the Compose file in another directory, which has it no more afterwards, as a runner does."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "compose.yaml").write_text(text)
    shop.host.compose(directory, "-p", name, "up", "-d")
    (directory / "compose.yaml").unlink()


def with_pipeline(shop: Shop, workspace: Path) -> None:
    (shop.directory / ".drone.yml").write_text(DRONE.format(workspace=workspace))
    shop.git("add", "-A")
    shop.write(BEFORE.format(url=INSIDE))
    shop.write(AFTER)


@pytest.mark.parametrize("put_back", [False, True])
def test_a_container_started_elsewhere_than_the_pipeline_says_is_asked_about(
    shop: Shop, content: Content, tmp_path: Path, put_back: bool
) -> None:
    workspace, elsewhere = tmp_path / "drone" / "src", tmp_path / "srv" / "shop"
    with_pipeline(shop, workspace)
    deployed_from(shop, elsewhere, "web")
    database(content("web_app-db") / "database.db")
    if put_back:
        shop.write(BEFORE.format(url=INSIDE))
    said = shop.volfix("carry", "--back", "--write", "-p", "web", status=1)
    assert f"web-app-1 was started in {elsewhere}" in said
    assert f"--map {elsewhere}/data=app-db or --map {workspace}/data=app-db" in said
    assert not workspace.exists()
    assert not (elsewhere / "data").exists()
    assert shop.host.docker("ps", "-q"), "nothing is stopped"
    shop.volfix("carry", "--back", "--write", "-p", "web", "--map", f"{elsewhere}/data=app-db")
    assert rows_in(elsewhere / "data" / "database.db") == 1000
    assert not workspace.exists()
    words = ("-p", "web", "--map", f"{elsewhere}/data=app-db", "--map", "./data=nope")
    assert "no service of web mounts a volume nope" in shop.volfix("carry", "--back", *words, status=1)


@pytest.mark.parametrize("put_back", [False, True])
@pytest.mark.parametrize("pipeline", [False, True])
def test_the_directory_that_the_container_was_started_in_counts(
    shop: Shop, content: Content, tmp_path: Path, put_back: bool, pipeline: bool
) -> None:
    """A pipeline that agrees, or none: in neither case is it this checkout."""
    place = tmp_path / "drone" / "src"
    shop.write(BEFORE.format(url=INSIDE))
    shop.write(AFTER)
    if pipeline:
        with_pipeline(shop, place)
    deployed_from(shop, place, "web")
    database(content("web_app-db") / "database.db")
    if put_back:
        shop.write(BEFORE.format(url=INSIDE))
    assert f"copied to {place}/data" in shop.volfix("carry", "--back", "--write", "-p", "web")
    assert rows_in(place / "data" / "database.db") == 1000
    assert not (shop.directory / "data").exists()


def test_two_containers_started_in_two_places_are_asked_about(shop: Shop, content: Content, tmp_path: Path) -> None:
    shop.write(BEFORE.format(url=INSIDE))
    shop.write(AFTER)
    one, two = tmp_path / "one", tmp_path / "two"
    deployed_from(shop, one, "web")
    shop.host.docker("stop", "web-app-1")
    shop.host.docker("rename", "web-app-1", "kept")
    labels = json.loads(shop.host.docker("inspect", "-f", "{{json .Config.Labels}}", "kept"))
    given = [word for pair in labels.items() for word in ("--label", "=".join(pair))]
    label = f"com.docker.compose.project.working_dir={two}"
    of = ("-v", "web_app-db:/app/data", "-w", "/app", "-e", f"DATABASE_URL={INSIDE}", "--network", "host", "box:1")
    shop.host.docker("run", "-d", "--init", *given, "--label", label, "--name", "web-app-2", *of)
    database(content("web_app-db") / "database.db")
    said = shop.volfix("carry", "--back", "--write", "-p", "web", status=1)
    assert f"--map {two}/data=app-db or --map {one}/data=app-db" in said


def test_an_absolute_directory_is_where_it_is(shop: Shop, content: Content, tmp_path: Path) -> None:
    data = tmp_path / "srv" / "data"
    shop.write(BEFORE.format(url=INSIDE).replace("./data", str(data)))
    shop.write(AFTER)
    deployed_from(shop, tmp_path / "elsewhere", "web")
    database(content("web_app-db") / "database.db")
    shop.volfix("carry", "--back", "--write", "-p", "web")
    assert rows_in(data / "database.db") == 1000


TWO = """\
services:
  app:
    image: box:1
    init: true
    restart: {restart}
    network_mode: host
    volumes: ["{source}app{suffix}:/app/data"]
    environment: {{DATABASE_URL: "sqlite:////app/data/database.db"}}
  worker:
    image: box:1
    init: true
    restart: on-failure:3
    network_mode: host
    volumes: ["{source}worker{suffix}:/app/data"]
    environment: {{DATABASE_URL: "sqlite:////app/data/database.db"}}
"""


def two(shop: Shop, content: Content) -> None:
    """Two services on volumes, which were directories."""
    given = {"restart": "always"}
    shop.write(TWO.format(source="./", suffix="", **given))
    shop.write(TWO.format(source="", suffix="-db", **given) + "volumes:\n  app-db:\n  worker-db:\n")
    shop.compose("up", "-d")
    for name in ("app", "worker"):
        database(content(f"shop_{name}-db") / "database.db")


def running(shop: Shop) -> dict[str, str]:
    form = "{{.Name}} {{.State.Running}} {{.HostConfig.RestartPolicy.Name}}"
    lines = [shop.host.docker("inspect", "-f", form, item) for item in shop.host.docker("ps", "-aq").split()]
    return dict(line.strip().strip("/").split(" ", 1) for line in lines)


AS_BEFORE = {"shop-app-1": "true always", "shop-worker-1": "true on-failure"}


def test_a_directory_with_other_data_is_found_before_anything_is_stopped_or_copied(
    shop: Shop, content: Content
) -> None:
    two(shop, content)
    (shop.directory / "worker").mkdir()
    database(shop.directory / "worker" / "database.db", 3)
    said = shop.volfix("carry", "--back", "--write", status=1)
    assert "./worker is not empty" in said
    assert "stopping" not in said
    assert running(shop) == AS_BEFORE
    assert not (shop.directory / "app").exists()


@pytest.mark.parametrize("which", ["app", "worker"])
def test_what_was_stopped_runs_again_where_nothing_is_copied(shop: Shop, content: Content, which: str) -> None:
    """A file stands where the directory's parent would be made: known when it is made, after all is stopped."""
    two(shop, content)
    (shop.directory / "file").touch()
    words = [word for name in ("app", "worker") for word in ("--map", f"./{name}={name}-db")]
    words[1 if which == "app" else 3] = f"./file/{which}={which}-db"
    said = shop.volfix("carry", "--back", "--write", *words, status=1)
    assert "stopping shop-app-1" in said
    if which == "app":
        assert "Running as before, on the volumes: shop-app-1, shop-worker-1." in said
        assert running(shop) == AS_BEFORE
    else:
        place = shop.directory / "app"
        assert rows_in(place / "database.db") == 1000
        assert "left so, also by a restart of the daemon: shop-app-1, shop-worker-1." in said
        assert f"{place} may hold a copy" in said
        assert "docker start shop-app-1 shop-worker-1" in said
        assert {state.split()[0] for state in running(shop).values()} == {"false"}
    assert "Once the cause is repaired: volfix carry --back --write" in said


def in_layer(shop: Shop, tmp_path: Path, url: str, mounts: str = "    volumes:\n      - ./data:/app/data\n") -> str:
    """A service whose database is in its container's own layer, carried into a volume; its files of before."""
    before = BEFORE.format(url=url).partition("    volumes:")[0] + mounts
    shop.write(before)
    shop.compose("up", "-d")
    name = url.rpartition("/")[2]
    shop.host.docker("cp", str(database(tmp_path / name)), f"{shop.container()}:/app/{name}")
    shop.write(AFTER.replace("database.db", name))
    shop.volfix("carry", "--write")
    return before


@pytest.mark.parametrize("url", ["sqlite:///./database.db", BESIDE, "sqlite:///./shop.sqlite3"])
def test_a_database_that_was_in_the_container_s_layer_is_said_to_be_elsewhere(
    shop: Shop, tmp_path: Path, url: str
) -> None:
    before, name = in_layer(shop, tmp_path, url), url.rpartition("/")[2]
    told = f"app-db: /app/{name} was in a container's own layer, which no new container has"
    then = f"have them name /app/data/{name} in place of /app/{name}."
    for words in ((), ("--write",)):
        said = shop.volfix("carry", "--back", *words, "--map", "./data=app-db")
        assert told in said
        assert f"they are in {shop.directory}/data/{name}, and they stay in the volume shop_app-db ({name})" in said
        assert then in said
    shutil.rmtree(shop.directory / "data")
    shop.write(before)
    said = shop.volfix("carry", "--back", "--write")
    assert told in said
    assert then in said
    shop.write(BEFORE.format(url=f"sqlite:////app/data/{name}"))
    assert "own layer" not in shop.volfix("carry", "--back", "--write"), "what was told to do is done"
    shop.compose("up", "-d")
    assert rows_in(shop.directory / "data" / name) == 1000


@pytest.mark.parametrize("put_back", [False, True])
def test_without_a_directory_of_before_only_the_volume_has_it(shop: Shop, tmp_path: Path, put_back: bool) -> None:
    before = in_layer(shop, tmp_path, BESIDE, mounts="")
    if put_back:
        shop.write(before)
    said = shop.volfix("carry", "--back", "--write", status=1)
    assert "app-db: /app/database.db was in a container's own layer" in said
    assert "They are in the volume shop_app-db (database.db). Do not put the files back" in said


def test_a_database_that_was_in_the_directory_is_where_it_was(shop: Shop) -> None:
    filled(shop)
    shop.volfix("carry", "--write")
    shutil.rmtree(shop.directory / "data")
    assert "own layer" not in shop.volfix("carry", "--back", "--write", "--map", "./data=app-db")
