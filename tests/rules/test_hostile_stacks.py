"""Stacks in which a careless fix would lose, merge or split data: each stays as it is, or needs a person to say so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import volfix

PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['{source}:/var/lib/postgresql/data']\n"
APP = "services:\n  app:\n    build: .\n    environment: {{{0}}}\n    volumes: ['{1}']\n"


def laid(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def safe(plan: volfix.Plan) -> set[str]:
    assert not [project.failure for project in plan.projects if project.failure]
    return {finding.code for finding in plan.findings if finding.applicability.value == "safe"}


@pytest.mark.parametrize(
    "environment",
    [
        "{MAIN_DB_PATH: /app/one/app.db, CACHE_DB_PATH: /app/two/app.db}",
        "{DB_PATH: /app/data/app.db, CACHE_DB_PATH: /app/app.db}",
    ],
)
def test_two_databases_never_become_one_file(environment: str, tmp_path: Path) -> None:
    compose = "services:\n  app:\n    image: acme/app\n    environment: {}\n    volumes: ['dd:/app/data']\nvolumes: {{dd: }}\n"
    plan = volfix.plan(laid(tmp_path, {"compose.yaml": compose.format(environment)}), unsafe_fixes=True)
    assert plan.edits == ()
    assert any("two databases would become one file" in (finding.reason or "") for finding in plan.findings)


def test_an_env_file_that_two_projects_load_is_changed_only_if_it_is_right_for_both(tmp_path: Path) -> None:
    service = "services: {{x: {{image: acme/a, working_dir: {0}, env_file: ../.env.app, volumes: ['vol:{1}']}}}}\nvolumes: {{vol: }}\n"
    plan = volfix.plan(
        laid(
            tmp_path,
            {
                ".env.app": "DATABASE_URL=sqlite:///./database.db\n",
                "a/compose.yaml": service.format("/app", "/app/data"),
                "b/compose.yaml": service.format("/rows", "/rows"),
            },
        ),
        unsafe_fixes=True,
    )
    assert plan.edits == ()


@pytest.mark.parametrize(
    "rest",
    [
        "  loader: {build: *src, image: loader}\n",
        "  loader: {image: x, labels: {from: *src}}\n",
        "configs: {c: {file: *src}}\n",
    ],
)
def test_an_alias_elsewhere_may_not_change_its_meaning(rest: str, tmp_path: Path) -> None:
    compose = "services:\n  db:\n    image: mysql:8.4\n    volumes: [{type: bind, source: &src ./data, target: /var/lib/mysql}]\n"
    plan = volfix.plan(laid(tmp_path, {"compose.yaml": compose + rest}), unsafe_fixes=True)
    assert plan.edits == ()


def test_a_link_to_a_directory_is_that_directory(tmp_path: Path) -> None:
    app = "    environment: [DB_PATH=/d/app.db]\n    image: acme/{0}\n    volumes: ['./{1}:/d']\n"
    compose = "services:\n  a:\n" + app.format("a", "data") + "  b:\n" + app.format("b", "link")
    laid(tmp_path, {"compose.yaml": compose, "data/x": ""})
    (tmp_path / "link").symlink_to("data")
    plan = volfix.plan(tmp_path)
    assert {move.volume for project in plan.projects for move in project.moves} == {"a-db"}


def test_a_link_out_of_the_repository_leads_out_of_it(tmp_path: Path) -> None:
    repository, outside = tmp_path / "repository", tmp_path / "outside"
    laid(repository, {"compose.yaml": PG.format(source="./data")})
    outside.mkdir()
    (repository / "data").symlink_to(outside)
    assert safe(volfix.plan(repository)) == set()


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {
                "compose.yaml": "name: one\n" + PG.format(source="./data"),
                "docker-compose.prod.yml": "name: two\n" + PG.format(source="./data"),
            },
            id="one directory under two project names",
        ),
        pytest.param(
            {
                "stack/compose.yaml": PG.format(source="./data"),
                "backup/compose.yaml": "services: {b: {image: acme/tar, volumes: ['../stack:/from:ro']}}\n",
            },
            id="another project reads the directory above",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  app:\n    image: acme/a\n    environment: [DB_PATH=/app/data/app.db]\n"
                "    volumes: ['.:/app']\n  viewer:\n    image: acme/b\n    environment: [DB_PATH=/data/app.db]\n"
                "    volumes: ['./data:/data']\n"
            },
            id="the code's own mount reaches the same file",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  app:\n    image: acme/a\n    environment: [DB_PATH=/app/data/app.db]\n"
                "    volumes: ['./data:/app/data']\n  web:\n    image: nginx\n"
                "    volumes: ['./data/uploads:/usr/share/nginx/uploads:ro']\n"
            },
            id="somebody reads a part of it from the host",
        ),
        pytest.param(
            {
                "compose.yaml": 'services:\n  app:\n    build: {context: ., dockerfile_inline: "FROM x\\nUSER app"}\n'
                "    environment: [DB_PATH=/data/app.db]\n    volumes: ['./data:/data']\n"
            },
            id="a user that is not seen",
        ),
        pytest.param(
            {"compose.yaml": PG.format(source="${DATA_DIR:-./data}"), ".env.prod": "DATA_DIR=/srv/pg\n"},
            id="an env file says that the default does not count",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  app:\n    image: acme/a\n    environment: [DATABASE_URL=sqlite:////app/app.db]\n"
                "    volumes: ['/srv/x:/app/data']\n"
            },
            id="the rows would have to be copied by hand",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    command: gunicorn --chdir src app:app\n"
                "    environment: [DATABASE_URL=sqlite:///./app.db]\n    volumes: ['vol:/app/data']\nvolumes: {vol: }\n",
                "Dockerfile": "FROM x\nWORKDIR /app\n",
            },
            id="the command works in another directory",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  app:\n    image: acme/a\n    tmpfs: [/cache]\n    environment:\n"
                "      DATABASE_URL: sqlite:////cache/c.db\n      TEST_DATABASE_URL: sqlite:////tmp/test.db\n"
                "    volumes: ['vol:/app/data']\nvolumes: {vol: }\n"
            },
            id="what is meant to be forgotten",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  store: {image: busybox, volumes: ['vol:/app/data']}\n  app:\n    image: acme/a\n"
                "    environment: [DATABASE_URL=sqlite:////app/app.db]\n    volumes_from: ['store:ro']\nvolumes: {vol: }\n"
            },
            id="a volume that may only be read",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  app:\n    image: acme/a\n    working_dir: /app\n    environment:\n"
                "      DATABASE_URL: sqlite:////app/data/app.db\n    volumes: ['vol:/app/data']\nvolumes: {vol: }\n",
                ".env.local": "DATABASE_URL=sqlite:///./app.db\n",
            },
            id="an env file that cannot win",
        ),
        pytest.param(
            {
                "compose.yaml": APP.format("DB_PATH: /app/data/app.db", "./data:/app/data")
                + "  nginx:\n    image: nginx\n    volumes: ['.:/app:ro']\n"
            },
            id="a web server sees the directory through the whole project",
        ),
        pytest.param(
            {
                "compose.yaml": APP.format("DB_PATH: /app/app.db", "./storage:/app/storage")
                + "  nginx:\n    image: nginx\n    volumes: ['./storage/:/usr/share/nginx/html:ro']\n"
            },
            id="the only mount is what a web server serves",
        ),
        pytest.param(
            {
                "compose.yaml": APP.format(
                    "DB_NAME: app.db, DATABASE_URL: 'sqlite:///${ROOT}${FILE}'", "rows:/app/data"
                )
                + "volumes: {rows: }\n",
                "Dockerfile": "FROM x\nWORKDIR /app\n",
                ".env": "ROOT=/app/\nFILE=app.db\n",
            },
            id="two values name the file, and one of them cannot move",
        ),
        pytest.param(
            {
                "compose.yaml": APP.format("DB_PATH: /app/app.db", "rows:/app/data") + "volumes: {rows: }\n",
                "entrypoint.sh": "#!/bin/sh\n[ -f app.db ] || cp seed.db app.db\n",
            },
            id="a script that starts the service names the file",
        ),
        pytest.param(
            {
                "compose.yaml": APP.format("DB_PATH: /app/app.db", "./app.db:/app/app.db"),
                "scripts/backup.py": "import sqlite3\nsqlite3.connect('/app/app.db').backup(copy)\n",
            },
            id="a backup in the container opens the mounted file",
        ),
        pytest.param(
            {
                "compose.yaml": APP.format("DB_PATH: /app/app.db", "./app.db:/app/app.db").replace(
                    "    build: .\n", '    build: .\n    command: sh -c "DB_PATH=app.db python main.py"\n'
                )
            },
            id="the command gives the mounted file's variable another value",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    volumes: ['./app.db:/app/app.db']\n",
                "Dockerfile": "FROM x\nWORKDIR /app\nCOPY . .\n",
                "main.py": "from pydantic_settings import BaseSettings\n\nclass Settings(BaseSettings):\n"
                '    database_url: str = "sqlite:///./app.db"\n    model_config = {"env_file": ".env"}\n',
            },
            id="an env file that is not here may name another file than the mounted one",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    volumes: ['./app.db:/db/app.db']\n",
                "Dockerfile": "FROM x\nWORKDIR /app\nCOPY . .\n",
                "main.py": 'from sqlalchemy import create_engine\nHOME = "/db"\nURL = f"sqlite:///{HOME}/app.db"\n'
                "engine = create_engine(URL)\n",
            },
            id="no literal alone says the mounted file's path",
        ),
    ],
)
def test_in_doubt_a_fix_is_not_safe(files: dict[str, str], tmp_path: Path) -> None:
    assert safe(volfix.plan(laid(tmp_path, files))) == set()


def test_two_projects_of_one_name_get_two_volumes(tmp_path: Path) -> None:
    laid(tmp_path, {f"{place}/compose.yaml": "name: shop\n" + PG.format(source="./data") for place in ("one", "two")})
    plan = volfix.plan(tmp_path)
    names = [name for project in plan.projects for name in project.real_volumes.values()]
    assert sorted(names) == ["shop_db-data", "shop_db-data-2"]


def test_a_name_that_another_volume_has_on_the_host_is_taken(tmp_path: Path) -> None:
    compose = "name: shop\n" + PG.format(source="./data") + "volumes: {old: {name: shop_db-data}}\n"
    plan = volfix.plan(laid(tmp_path, {"compose.yaml": compose}))
    assert [move.volume for project in plan.projects for move in project.moves] == ["db-data-2"]


def test_a_name_that_only_the_deployment_knows_stays_open(tmp_path: Path) -> None:
    plan = volfix.plan(laid(tmp_path, {"compose.yaml": "name: ${STAGE}-shop\n" + PG.format(source="./data")}))
    assert [list(project.real_volumes.values()) for project in plan.projects] == [["${STAGE}-shop_db-data"]]


def test_one_file_is_fixed_with_the_variants_beside_it_in_view(tmp_path: Path) -> None:
    other = "services:\n  x:\n    image: acme/tar\n    volumes: ['./data:/from:ro']\n"
    laid(tmp_path, {"compose.yaml": PG.format(source="./data"), "docker-compose.prod.yml": other})
    plan = volfix.plan(tmp_path / "compose.yaml")
    assert {finding.location.path.name for finding in plan.findings} == {"compose.yaml"}
    assert {edit.path.name for edit in plan.edits} == {"compose.yaml", "docker-compose.prod.yml"}


def test_a_variant_with_a_real_volume_of_that_key_keeps_it(tmp_path: Path) -> None:
    mount = "services:\n  db:\n    image: postgres:16\n    volumes: ['pg:/var/lib/postgresql/data']\n"
    disguised = "volumes:\n  pg:\n    driver_opts: {type: none, o: bind, device: ./pg}\n"
    files = {"compose.yaml": mount + disguised, "docker-compose.prod.yml": mount + "volumes: {pg: {name: prod-pg}}\n"}
    assert volfix.plan(laid(tmp_path, files), unsafe_fixes=True).edits == ()


def test_what_git_tracks_is_asked_though_the_directory_is_gone(tmp_path: Path) -> None:
    laid(tmp_path, {"compose.yaml": PG.format(source="./data"), "data/seed.sql": "rows"})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    (tmp_path / "data" / "seed.sql").unlink()
    (tmp_path / "data").rmdir()
    assert safe(volfix.plan(tmp_path)) == set()


def test_two_spellings_of_a_home_directory_are_one(tmp_path: Path) -> None:
    service = "  {0}:\n    image: mysql:8.4\n    volumes: ['{1}:/var/lib/mysql']\n"
    compose = "services:\n" + service.format("a", "~/pg") + service.format("b", "~/pg/")
    plan = volfix.plan(laid(tmp_path, {"compose.yaml": compose}), unsafe_fixes=True)
    assert {move.volume for project in plan.projects for move in project.moves} == {"a-db"}


@pytest.mark.parametrize(
    "compose",
    [
        f"include: ['{'z' * 300}']\nservices: {{a: {{image: x}}}}\n",
        f"services: {{a: {{extends: {{file: '{'z' * 300}', service: x}}, image: x}}}}\n",
        PG.format(source="./" + "z" * 300),
    ],
)
def test_a_name_that_no_file_can_have_is_no_crash(compose: str, tmp_path: Path) -> None:
    laid(tmp_path, {"bad/compose.yaml": compose, "good/compose.yaml": PG.format(source="./data")})
    assert any(edit.path.parent.name == "good" for edit in volfix.plan(tmp_path).edits)


def test_the_same_value_in_two_places_is_changed_where_it_is_wrong(tmp_path: Path) -> None:
    value = "    environment:\n      DATABASE_URL: sqlite:////app/app.db\n"
    compose = (
        "services:\n  web:\n    image: acme/a\n"
        + value
        + "    volumes: ['vol:/app/data']\n  job:\n    image: acme/a\n"
        + value
    )
    plan = volfix.plan(laid(tmp_path, {"compose.yaml": compose + "volumes: {vol: }\n"}), unsafe_fixes=True)
    assert not [project.failure for project in plan.projects if project.failure]


def test_an_extended_mount_that_is_replaced_is_told_apart(tmp_path: Path) -> None:
    compose = (
        "services:\n  one:\n    image: mysql:8.4\n    volumes: ['./one:/var/lib/mysql']\n"
        "  two:\n    extends: {service: one}\n    volumes: ['./two:/var/lib/mysql']\n"
    )
    plan = volfix.plan(laid(tmp_path, {"compose.yaml": compose}), unsafe_fixes=True)
    assert not [project.failure for project in plan.projects if project.failure]


def test_a_file_outside_the_repository_is_never_edited(tmp_path: Path) -> None:
    laid(
        tmp_path,
        {
            "base.yaml": PG.format(source="./data"),
            "repository/compose.yaml": "services: {db: {extends: {file: ../base.yaml, service: db}}}\n",
        },
    )
    plan = volfix.plan(tmp_path / "repository", unsafe_fixes=True)
    assert plan.edits == ()
    assert not [project.failure for project in plan.projects if project.failure]


def test_code_that_opens_a_mounted_file_moves_with_the_variable_that_names_it(tmp_path: Path) -> None:
    files = {
        "compose.yaml": APP.format("DATABASE_URL: 'sqlite:////app/app.db'", "./app.db:/app/app.db"),
        "Dockerfile": "FROM x\nWORKDIR /app\nCOPY . .\n",
        "main.py": 'import sqlite3\n\nrows = sqlite3.connect("/app/app.db")\n',
    }
    plan = volfix.plan(laid(tmp_path, files))
    assert safe(plan) == {"VF103"}
    assert {edit.path.name for edit in plan.edits} == {"compose.yaml", "main.py"}


def test_a_default_in_a_script_is_not_the_file(tmp_path: Path) -> None:
    files = {
        "compose.yaml": APP.format("DB_PATH: /app/app.db", "rows:/app/data") + "volumes: {rows: }\n",
        "start.sh": "#!/bin/sh\n# makes app.db\necho ${DB_PATH:-/app/app.db}\n",
    }
    assert safe(volfix.plan(laid(tmp_path, files))) == {"VF201"}


@pytest.mark.parametrize("last", ["sqlite:///./b.db", "postgresql://u:p@sql.example.org/x"])
def test_a_line_that_a_later_one_replaces_is_no_value(last: str, tmp_path: Path) -> None:
    files = {
        "compose.yaml": APP.format("A: b", "rows:/app/data").replace("build: .", "build: .\n    env_file: .env")
        + "volumes: {rows: }\n",
        "Dockerfile": "FROM x\nWORKDIR /app\n",
        ".env": f"DATABASE_URL=sqlite:///./a.db\nDATABASE_URL={last}\n",
    }
    plan = volfix.plan(laid(tmp_path, files))
    assert not any("a.db" in finding.danger for finding in plan.findings)
    assert len(plan.edits) == last.startswith("sqlite")


def test_an_env_file_that_is_loaded_as_it_is_is_not_called_unknown(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    build: .\n    env_file: [{path: config/.env, format: raw}]\n    volumes: ['rows:/app/data']\n"
    files = {
        "compose.yaml": compose + "volumes: {rows: }\n",
        "Dockerfile": "FROM x\nWORKDIR /app\n",
        "config/.env": 'DATABASE_URL="sqlite:///./app.db"\n',
    }
    plan = volfix.plan(laid(tmp_path, files))
    assert plan.edits == ()
    assert not [project.failure for project in plan.projects if project.failure]
