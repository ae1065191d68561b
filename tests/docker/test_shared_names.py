"""Given several repositories that run under one project name, when one is carried, then no other's rows are touched.

A deployment is played as a pipeline makes it: its checkout is gone when somebody carries, from a clone elsewhere.
"""

from __future__ import annotations

import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Host
from test_carry_command import INSIDE, Shop, carry_command, database, rows_in

from volfix.docker.engine import Engine

pytestmark = pytest.mark.engine
Content = Callable[[str], Path]
IMAGES = ("alpha:1", "beta:1", "postgres:16")
COMPOSE = """\
services:
  {service}:
    image: {image}
    init: true
    restart: unless-stopped
    network_mode: host
    environment:
      DATABASE_URL: sqlite:///{target}/{file}
    volumes:
      - {source}:{target}
"""
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
ALPHA = {"service": "app", "image": "alpha:1", "target": "/app/data", "file": "rows.db", "source": "./data"}
OTHERS = {
    "another image": {"image": "beta:1", "source": "./store"},
    "another target": {"target": "/srv/rows", "source": "./store"},
    "another database file": {"file": "beta.db", "source": "./store"},
    "another source": {"source": "./store"},
    "another service": {"service": "web", "source": "./store"},
}


@pytest.fixture(autouse=True)
def images(host: Host, engine: Engine) -> None:
    del engine
    for image in IMAGES:
        host.docker("tag", "box:1", image)


class Server:
    """A host where pipelines deploy from a workspace that ends in `src`, and where clones of the repositories are."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.host, self.directory = host, directory
        self.workspace = directory / "drone" / "src"

    def repository(self, name: str, about: dict[str, str]) -> Shop:
        """A repository with its pipeline, before volfix: one commit."""
        shop = Shop(self.host, self.directory / name)
        (shop.directory / ".drone.yml").write_text(DRONE.format(workspace=self.workspace))
        (shop.directory / "README").write_text(name)
        shop.git("add", "-A")
        shop.write(COMPOSE.format(**about))
        return shop

    def deploy(self, shop: Shop, *words: str) -> None:
        self.workspace.mkdir(parents=True, exist_ok=True)
        file = self.workspace / "compose.yaml"
        file.write_bytes((shop.directory / "compose.yaml").read_bytes())
        self.host.compose(self.workspace, "up", "-d", *words)
        file.unlink()

    def fill(self, about: dict[str, str], rows: int = 1000) -> None:
        place = self.workspace / about["source"]
        place.mkdir(parents=True, exist_ok=True)
        database(place / about["file"], rows)

    def names(self, *filters: str) -> set[str]:
        return set(self.host.docker("ps", "-a", "--format", "{{.Names}}", *filters).split())

    @property
    def running(self) -> set[str]:
        return self.names("--filter", "status=running")


@pytest.fixture
def server(host: Host, tmp_path: Path) -> Server:
    return Server(host, tmp_path)


def fixed(shop: Shop, status: int = 0) -> str:
    """Have volfix write its fixes; the command that it prints, for a person to type.

    The status is 1 where the rows lie in this checkout: VF112 finds that nobody carried them yet.
    """
    said = shop.volfix("--unsafe-fixes", "--write", status=status)
    assert " down" not in said
    assert "docker stop" not in said
    return carry_command(said)


def typed(shop: Shop, command: str, status: int = 0) -> str:
    return shop.volfix(*shlex.split(command)[1:], status=status)


def printed(server: Server, shop: Shop) -> Path:
    """The script instead of the command, without what is said beside it."""
    said = typed(shop, fixed(shop).replace("--write", "--script"))
    script = server.directory / "carry.sh"
    script.write_text("".join(line for line in said.splitlines(keepends=True) if not line.startswith("volfix: ")))
    return script


def policy(host: Host, name: str) -> str:
    return host.docker("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", name).strip()


def both(server: Server, changed: dict[str, str]) -> tuple[Shop, Shop]:
    """Alpha and beta on one host, each with a running container and 1,000 rows."""
    beta = {**ALPHA, **changed}
    shops = server.repository("alpha", ALPHA), server.repository("beta", beta)
    server.fill(ALPHA)
    server.fill(beta)
    server.deploy(shops[0])
    scale = () if "service" in changed else ("--no-recreate", "--scale", "app=2")
    server.deploy(shops[1], *scale)
    return shops


@pytest.mark.parametrize("changed", OTHERS.values(), ids=OTHERS)
def test_two_repositories_of_one_name_are_carried_one_after_the_other_as_printed(
    server: Server, host: Host, content: Content, changed: dict[str, str]
) -> None:
    alpha, beta = both(server, changed)
    second = "src-web-1" if "service" in changed else "src-app-2"
    assert server.running == {"src-app-1", second}
    assert fixed(alpha) == "volfix carry --write --from-project src"
    said = typed(alpha, "volfix carry --write --from-project src")
    assert f"left alone: {second} (" in said
    assert "stopped and kept: the old container src-app-1, now src-app-1-before-carry-" in said
    assert server.running == {second, "alpha-app-1"}
    assert policy(host, second) == "unless-stopped"
    assert any(name.startswith("src-app-1-before-carry-") for name in server.names())
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000
    typed(beta, fixed(beta))
    service, file = changed.get("service", "app"), changed.get("file", "rows.db")
    assert rows_in(content(f"beta_{service}-db") / file) == 1000
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000
    assert server.running == {"alpha-app-1", f"beta-{service}-1"}
    assert len(server.names()) == 4, "no container is removed"


def test_a_repository_whose_container_another_one_replaced_says_where_its_data_is(
    server: Server, content: Content
) -> None:
    other = {**ALPHA, "image": "beta:1", "source": "./store"}
    alpha, beta = server.repository("alpha", ALPHA), server.repository("beta", other)
    for shop, about in ((alpha, ALPHA), (beta, other)):
        server.fill(about)
        server.deploy(shop)
    said = typed(alpha, fixed(alpha), status=1)
    assert "src-app-1 (it runs beta:1, and the files say alpha:1) is not known to be this project's" in said
    source = f"--map {server.workspace}/data=app-db"
    assert source in said
    assert server.running == {"src-app-1"}
    typed(alpha, f"volfix carry --write --from-project src {source}")
    assert "nothing to do" in typed(alpha, "volfix carry --write --from-project src")
    typed(beta, fixed(beta))
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000
    assert rows_in(content("beta_app-db") / "rows.db") == 1000


def test_data_that_another_s_container_mounts_is_not_taken(server: Server) -> None:
    """Both keep their rows in ./data: on the host that is one directory, and the container is the other's."""
    other = {**ALPHA, "image": "beta:1", "file": "beta.db"}
    alpha, beta = server.repository("alpha", ALPHA), server.repository("beta", other)
    for shop, about in ((alpha, ALPHA), (beta, other)):
        server.fill(about)
        server.deploy(shop)
    command = fixed(alpha)
    typed(alpha, command, status=1)
    said = typed(alpha, f"{command} --map {server.workspace}/data=app-db", status=1)
    assert "while src-app-1 runs" in said
    assert server.running == {"src-app-1"}
    assert server.host.docker("volume", "ls", "-q") == ""


def test_a_volume_of_the_former_name_is_the_project_s_where_no_other_mounts_it(
    server: Server, content: Content
) -> None:
    one, two = (COMPOSE.format(**{**ALPHA, "source": key}) + f"volumes:\n  {key}:\n" for key in ("rows", "store"))
    alpha, beta = server.repository("alpha", ALPHA), server.repository("beta", {**ALPHA, "image": "beta:1"})
    alpha.write(one)
    beta.write(two.replace("alpha:1", "beta:1"))
    server.deploy(alpha)
    database(content("src_rows") / "rows.db")
    server.deploy(beta)
    database(content("src_store") / "rows.db")
    for shop, key in ((alpha, "rows"), (beta, "store")):
        typed(shop, fixed(shop))
        assert rows_in(content(f"{shop.directory.name}_{key}") / "rows.db") == 1000


def test_identical_stacks_are_not_chosen_among(server: Server) -> None:
    alpha = server.repository("alpha", ALPHA)
    for number in (1, 2):
        server.workspace = server.directory / f"drone-{number}" / "src"
        server.fill(ALPHA)
        server.deploy(alpha, "--no-recreate", "--scale", f"app={number}")
    said = typed(alpha, fixed(alpha), status=1)
    assert "several containers may be this project's app: " in said
    for number in (1, 2):
        assert f"src-app-{number} has {server.directory}/drone-{number}/src/data" in said
    assert server.running == {"src-app-1", "src-app-2"}
    assert server.host.docker("volume", "ls", "-q") == ""
    typed(alpha, f"volfix carry --from-project src --map {server.workspace}/data=app-db")


def test_an_identical_stack_in_another_checkout_is_another_s(server: Server, content: Content) -> None:
    """The directory that Compose wrote down is here, and is another repository's."""
    alpha, beta = server.repository("alpha", ALPHA), server.repository("beta", ALPHA)
    for number, shop in enumerate((alpha, beta), 1):
        (shop.directory / "data").mkdir()
        database(shop.directory / "data" / "rows.db", number * 1000)
        shop.compose("-p", "src", "up", "-d", "--no-recreate", "--scale", f"app={number}")
    said = typed(beta, fixed(beta, status=1))
    assert f"src-app-1 (it was started in {alpha.directory}, which is no checkout of this repository)" in said
    assert "src-app-1" in server.running
    assert rows_in(content("beta_app-db") / "rows.db") == 2000
    typed(alpha, fixed(alpha, status=1))
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000


def test_another_clone_of_the_repository_is_the_same_project(server: Server, content: Content) -> None:
    origin = server.repository("alpha", ALPHA)
    for name in ("there", "here"):
        subprocess.run(["git", "clone", "-q", origin.directory, server.directory / name], check=True)
    there = server.directory / "there"
    (there / "data").mkdir()
    database(there / "data" / "rows.db")
    server.host.compose(there, "-p", "src", "up", "-d")
    here = Shop(server.host, server.directory / "clone")
    here.directory = server.directory / "here"
    typed(here, fixed(here))
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000


def test_a_container_that_deploying_would_replace_is_refused(server: Server) -> None:
    """Without a name of its own the project's deployment takes the other's container away."""
    other = {**ALPHA, "image": "beta:1", "source": "./store"}
    alpha, beta = server.repository("alpha", ALPHA), server.repository("beta", other)
    server.fill(ALPHA)
    server.deploy(beta)
    alpha.volfix("--write", status=1)
    said = alpha.volfix("carry", "--write", "-p", "src", status=1)
    assert "src-app-1 (it runs beta:1, and the files say alpha:1) has the names of project src" in said
    assert server.running == {"src-app-1"}
    alpha.volfix("carry", "--write", "-p", "src", "--map", f"{server.workspace}/data=app-db")
    assert server.running == {"src-app-1"}, "it is neither stopped nor replaced"


@pytest.mark.parametrize("labelled", [True, False])
def test_a_container_that_somebody_runs_by_hand_is_never_stopped(server: Server, labelled: bool) -> None:
    alpha = server.repository("alpha", ALPHA)
    server.fill(ALPHA)
    server.deploy(alpha)
    labels = ("com.docker.compose.project=src", "com.docker.compose.service=app") if labelled else ()
    words = [word for label in labels for word in ("--label", label)]
    place = f"{server.workspace}/data:/backup"
    server.host.docker("run", "-d", "--name", "byhand", "--network=host", "-v", place, *words, "box:1")
    command = fixed(alpha)
    said = typed(alpha, command, status=1)
    assert "byhand" in said
    assert server.running == {"src-app-1", "byhand"}
    server.host.docker("stop", "-t", "0", "byhand")
    typed(alpha, command)
    assert "byhand" in server.names()


def test_a_project_that_name_renames_keeps_its_rows_and_its_old_container(server: Server, content: Content) -> None:
    shop = Shop(server.host, server.directory / "shop")
    shop.write(COMPOSE.format(**{**ALPHA, "source": "rows"}) + "volumes:\n  rows:\n")
    shop.compose("up", "-d")
    database(content("shop_rows") / "rows.db")
    shop.write("name: web\n" + (shop.directory / "compose.yaml").read_text())
    said = shop.volfix("carry", "--write", "--from-project", "shop")
    assert "now shop-app-1-before-carry-" in said
    assert rows_in(content("web_rows") / "rows.db") == 1000
    assert server.running == {"web-app-1"}
    assert "nothing to do" in shop.volfix("carry", "--from-project", "shop")


def test_rows_and_the_checklist_ask_no_other_s_container(server: Server) -> None:
    other = {**ALPHA, "image": "beta:1"}
    alpha, beta = server.repository("alpha", ALPHA), server.repository("beta", other)
    server.fill(other)
    server.deploy(beta)
    said = alpha.volfix("rows", "-p", "src", status=2)
    assert "not asked, because not known to be this project's: src-app-1 (it runs beta:1" in said
    assert "1000" not in said
    explained = " ".join(alpha.volfix("explain", "-p", "src").split())
    assert "src-app-1 (it runs beta:1, and the files say alpha:1) runs as src too" in explained
    assert "src-app-1 has " not in explained
    assert "1000" in beta.volfix("rows", "-p", "src")


def test_the_script_stops_and_renames_the_project_s_own_only(server: Server, host: Host, content: Content) -> None:
    alpha, _ = both(server, {"image": "beta:1", "source": "./store"})
    script = printed(server, alpha)
    done = subprocess.run(["sh", script], env=host.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "left alone: src-app-2" in done.stderr
    assert server.running == {"src-app-2"}
    assert any(name.startswith("src-app-1-before-carry-") for name in server.names())
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000


def test_the_script_goes_on_where_another_s_container_goes_meanwhile(
    server: Server, host: Host, content: Content, tmp_path: Path
) -> None:
    alpha, _ = both(server, {"image": "beta:1", "source": "./store"})
    script = printed(server, alpha)
    real = shutil.which("docker")
    commands = tmp_path / "commands"
    commands.mkdir()
    removing = f"""\
#!/bin/sh
if [ "$1 $3" = "inspect {{{{.Name}}}}" ] && [ "$({real} inspect -f '{{{{.Name}}}}' "$4")" = /src-app-2 ]; then
  {real} rm -f "$4" >/dev/null
fi
exec {real} "$@"
"""
    (commands / "docker").write_text(removing)
    (commands / "docker").chmod(0o755)
    environment = {**host.environment, "PATH": f"{commands}:{host.environment['PATH']}"}
    done = subprocess.run(["sh", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "src-app-2" not in server.names()
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000


def test_the_script_refuses_a_container_that_another_repository_put_there_meanwhile(server: Server, host: Host) -> None:
    alpha = server.repository("alpha", ALPHA)
    server.fill(ALPHA)
    server.deploy(alpha)
    script = printed(server, alpha)
    server.deploy(server.repository("beta", {**ALPHA, "image": "beta:1"}))
    done = subprocess.run(["sh", script], env=host.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "src-app-1 uses the data, and is none of the containers that this script was made for" in done.stderr
    assert server.running == {"src-app-1"}
    assert host.docker("volume", "ls", "-q") == ""


def test_back_stops_no_other_s_container(server: Server, content: Content) -> None:
    alpha, _ = both(server, {"image": "beta:1", "source": "./store"})
    typed(alpha, fixed(alpha))
    (server.workspace / "data" / "rows.db").unlink()
    with sqlite3.connect(content("alpha_app-db") / "rows.db") as connection:
        connection.execute("DELETE FROM items WHERE id > 7")
    command = f"volfix carry --back --write --from-project src --map {server.workspace}/data=app-db"
    typed(alpha, command)
    assert rows_in(server.workspace / "data" / "rows.db") == 7
    assert server.running == {"src-app-2"}


def test_env_files_and_tags_that_only_a_deployment_knows_are_no_difference(server: Server, content: Content) -> None:
    text = COMPOSE.format(**ALPHA).replace(f"      DATABASE_URL: {INSIDE.replace('database', 'rows')}\n", "")
    text = text.replace("    environment:\n", "    env_file: .env\n").replace("alpha:1", "${IMAGE:-alpha}:${TAG:-9}")
    shop = server.repository("alpha", ALPHA)
    shop.write(text)
    server.workspace.mkdir(parents=True)
    (server.workspace / ".env").write_text("DATABASE_URL=sqlite:////app/data/rows.db\nTAG=1\n")
    server.fill(ALPHA)
    server.deploy(shop)
    (shop.directory / ".env").write_text("DATABASE_URL=sqlite:////app/rows.db\n")
    shop.volfix("--unsafe-fixes", "--write", "--allow-dirty", status=0)
    shop.volfix("carry", "--write", "--no-up", "--from-project", "src")
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000


def test_a_variant_that_runs_with_the_base_file_is_the_same_project(server: Server, content: Content) -> None:
    shop = Shop(server.host, server.directory / "shop")
    shop.write(COMPOSE.format(**ALPHA))
    more = "services:\n  app:\n    image: acme/other:2\n    volumes:\n      - ./uploads:/uploads\n"
    server.host.docker("tag", "box:1", "acme/other:2")
    (shop.directory / "compose.prod.yaml").write_text(more)
    shop.git("add", "-A")
    shop.git("commit", "-qm", "production")
    (shop.directory / "data").mkdir()
    database(shop.directory / "data" / "rows.db")
    shop.compose("-f", "compose.yaml", "-f", "compose.prod.yaml", "up", "-d")
    assert "[VF112] the old data is NOT CARRIED" in shop.volfix("--write", status=1)
    shop.volfix("carry", "--write", "--no-up")
    assert rows_in(content("shop_app-db") / "rows.db") == 1000


def test_a_service_without_data_gives_way_too_and_runs_under_the_new_name(server: Server, content: Content) -> None:
    """It holds the port that the new one wants, and its rows-less container has the name."""
    web = "  web:\n    image: beta:1\n    init: true\n    network_mode: host\n    container_name: the-web\n"
    shop = server.repository("alpha", ALPHA)
    shop.write(COMPOSE.format(**ALPHA) + web)
    server.fill(ALPHA)
    server.deploy(shop)
    command = fixed(shop)
    plan = typed(shop, command.replace(" --write", ""))
    assert "the-web, of the former name src, will be stopped, renamed and kept" in plan
    assert server.running == {"src-app-1", "the-web"}
    typed(shop, command)
    assert rows_in(content("alpha_app-db") / "rows.db") == 1000
    assert server.running == {"alpha-app-1", "the-web"}
    assert any(name.startswith("the-web-before-carry-") for name in server.names())


@pytest.mark.parametrize("file", ["other.db", "deep/rows.db"])
def test_a_volume_that_another_project_of_the_name_filled_is_not_taken_for_carried(
    host: Host, tmp_path: Path, content: Content, file: str
) -> None:
    shops = [Shop(host, tmp_path / name) for name in ("beta", "alpha")]
    for shop, name in zip(shops, (file, "rows.db"), strict=True):
        place = shop.directory / "data" / name
        place.parent.mkdir(parents=True)
        database(place)
        before = COMPOSE.format(**{**ALPHA, "file": name})
        shop.write(before)
        if shop is shops[0]:
            shop.compose("-p", "src", "up", "-d")
        shop.write(before.replace("./data:", "app-db:") + "volumes:\n  app-db:\n    driver: local\n")
    beta, alpha = shops
    beta.volfix("carry", "--write", "-p", "src")
    beta.compose("-p", "src", "down")
    said = alpha.volfix("carry", "--write", "-p", "src", "--map", "./data=app-db", status=1)
    assert "nothing to do" not in said
    assert "app-db: cannot be carried: src_app-db holds something else" in said
    assert f"it holds {file}: items has 1,000 rows" in said
    assert rows_in(content("src_app-db") / file) == 1000
    alpha.volfix("carry", "--write", "-p", "src", "--replace", "--map", "./data=app-db")
    assert rows_in(content("src_app-db") / "rows.db") == 1000
    assert "nothing to do" in alpha.volfix("carry", "-p", "src", "--map", "./data=app-db")


def test_a_container_that_goes_while_the_engine_is_asked_is_none(host: Host, engine: Engine) -> None:
    names = ("stays", "goes")
    for name in names:
        host.docker("run", "-d", "--network=host", "--label", "com.docker.compose.project=src", "--name", name, "box:1")
    listed = engine.containers()
    host.docker("rm", "-f", "goes")
    assert {item.name for item in listed} >= set(names)
    assert {item.name for item in listed if item.id in engine.processes(listed)} == {"stays"}
