"""A type switch beside a database's setting: a server turns the setting off, an unknown engine leaves it in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

COMPOSE = "services:\n  app:\n    image: acme/shop:3\n{keys}    volumes:\n      - rows:/app/data\nvolumes:\n  rows:\n"
FIXED = "VF201 safe"
PAIRS = [
    ("DB_CONNECTION", "mysql", "sqlite", "DB_DATABASE", "shop.db"),
    ("DATABASE_ENGINE", "django.db.backends.postgresql", "django.db.backends.sqlite3", "DATABASE_NAME", "/app/shop.sqlite3"),
    ("DB_TYPE", "postgresdb", "sqlite", "DB_SQLITE_DATABASE", "./shop.sqlite"),
    ("SHOP_DATABASE_TYPE", "mysql", "sqlite3", "SHOP_DATABASE_PATH", "shop.db"),
    ("GITEA__database__DB_TYPE", "mssql", "sqlite3", "GITEA__database__PATH", "/app/gitea.db"),
    ("database__client", "mysql", "sqlite3", "database__connection__filename", "/app/ghost.db"),
    ("DATABASE_CLIENT", "mariadb", "better-sqlite3", "DATABASE_FILENAME", "shop.db"),
    ("TYPEORM_CONNECTION", "postgres", "better-sqlite3", "TYPEORM_DATABASE", "shop.sqlite"),
    ("DB_DIALECT", "cockroachdb", "sqlite", "SQLITE_PATH", "./shop.db"),
    ("DB_PROVIDER", "SqlServer", "Sqlite", "DB_FILE", "shop.db"),
    ("DB", "postgres", "sqlite", "DB_NAME", "/app/hc.sqlite"),
    ("DB_TYPE", "oracle", "sqlite", "SQLITE_URL", "sqlite:///./shop.db"),
]  # fmt: skip


def plan(root: Path, files: dict[str, str]) -> volfix.Plan:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return volfix.plan(root, select=("VF101", "VF102", "VF105", "VF201", "VF203", "VF204", "VF205"))


def said(root: Path, files: dict[str, str]) -> str:
    return ", ".join(f"{finding.code} {finding.applicability.value}" for finding in plan(root, files).findings)


def mapping(**values: str) -> dict[str, str]:
    entries = "".join(f"      {name}: '{value}'\n" for name, value in values.items())
    return {"compose.yaml": COMPOSE.format(keys=f"    environment:\n{entries}")}


@pytest.mark.parametrize(("switch", "server", "file", "setting", "value"), PAIRS)
def test_a_setting_of_an_engine_that_is_off_is_no_finding(
    switch: str, server: str, file: str, setting: str, value: str, tmp_path: Path
) -> None:
    assert said(tmp_path, mapping(**{switch: server, setting: value})) == ""
    assert said(tmp_path, mapping(**{switch: file, setting: value})) == FIXED
    assert said(tmp_path, mapping(**{setting: value})) == FIXED
    for unknown in ("${SWITCH}", "tenants"):
        files = mapping(**{switch: unknown, setting: value})
        finding = plan(tmp_path, files).findings[0]
        expected = "safe" if unknown == "tenants" and switch == "DB" else "unsafe"  # `DB=tenants` names a database
        assert (finding.code, finding.applicability.value) == ("VF201", expected)
        assert expected == "safe" or "the database may be on a server" in (finding.reason or "")


PLACES = {
    "a mapping": mapping(DB_CONNECTION="mysql", DB_DATABASE="shop.db"),
    "a list": {"compose.yaml": COMPOSE.format(keys="    environment: [DB_CONNECTION=mysql, DB_DATABASE=shop.db]\n")},
    "a list with quotes": {
        "compose.yaml": COMPOSE.format(keys="    environment:\n      - DB_CONNECTION=\"mysql\"\n      - DB_DATABASE=shop.db\n")
    },
    "an env file": {
        "compose.yaml": COMPOSE.format(keys="    env_file: .env.prod\n"),
        ".env.prod": "DB_CONNECTION=mysql\nDB_DATABASE=shop.db\n",
    },
    "an env file for one, the Compose file for the other": {
        "compose.yaml": COMPOSE.format(keys="    env_file: shop.env\n    environment: {DB_CONNECTION: mysql}\n"),
        "shop.env": "DB_CONNECTION=sqlite\nDB_DATABASE=shop.db\n",
    },
    "a default": mapping(DB_CONNECTION="${DB_CONNECTION:-mysql}", DB_DATABASE="${DB_DATABASE:-shop.db}"),
    "the value that Compose interpolates": {
        **mapping(DB_CONNECTION="${ENGINE:-sqlite}", DB_DATABASE="shop.db"),
        ".env": "ENGINE=mysql\n",
    },
    "an override": {
        **mapping(DB_CONNECTION="sqlite", DB_DATABASE="shop.db"),
        "compose.override.yaml": "services:\n  app:\n    environment:\n      DB_CONNECTION: mysql\n",
    },
    "the Dockerfile": {
        "compose.yaml": COMPOSE.format(keys="    environment: [DB_DATABASE=shop.db]\n").replace("image: acme/shop:3", "build: ."),
        "Dockerfile": "FROM alpine:3.20\nWORKDIR /app\nENV DB_CONNECTION=mysql\n",
    },
    "an env file that nothing names": {
        "compose.yaml": COMPOSE.format(keys=""),
        ".env.prod": "DB_CONNECTION=mysql\nDB_DATABASE=/app/shop.db\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_the_effective_value_counts(place: str, tmp_path: Path) -> None:
    assert said(tmp_path, PLACES[place]) == ""
    for name, text in PLACES[place].items():
        (tmp_path / name).write_text(text.replace("mysql", "sqlite"))
    assert {finding.applicability.value for finding in volfix.plan(tmp_path, select=("VF201",)).findings} == {"safe"}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"DB_TYPE": "mysql", "DATABASE_URL": "sqlite:///./shop.db"}, "DB_TYPE=mysql names a server and DATABASE_URL a file"),
        (
            {"SPRING_DATASOURCE_DRIVER_CLASS_NAME": "org.postgresql.Driver", "SPRING_DATASOURCE_URL": "jdbc:h2:./shop"},
            "SPRING_DATASOURCE_DRIVER_CLASS_NAME=org.postgresql.Driver names a server",
        ),
        ({"DB_HOST": "sql", "DB_NAME": "shop.db"}, "DB_HOST names a server: shop.db may be the name of a database there"),
        ({"MYSQL_HOST": "sql", "SQLITE_DATABASE": "shop.db"}, "MYSQL_HOST names a server"),
        ({"SHOP_DB_HOST": "sql", "SHOP_DB_FILENAME": "shop.db"}, "SHOP_DB_HOST names a server"),
        ({"DB_TYPE": "mysql", "DB_ENGINE": "sqlite", "DB_PATH": "shop.db"}, "the database may be on a server"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_unsafe(values: dict[str, str], reason: str, tmp_path: Path) -> None:
    finding = plan(tmp_path, mapping(**values)).findings[0]
    assert (finding.code, finding.applicability.value) == ("VF201", "unsafe")
    assert reason in (finding.reason or "")


@pytest.mark.parametrize("default", ["sqlite", "mysql"])
@pytest.mark.parametrize(
    ("name", "text", "doubted"),
    [
        (".env.prod", "ENGINE=pgsql", True),
        ("staging.env", "ENGINE=pgsql", True),
        (".env.example", "ENGINE=pgsql", False),
        (".env.prod", "ENGINE=", False),
        (".env.prod", "OTHER=pgsql", False),
    ],
)
def test_a_default_that_an_env_file_replaces(default: str, name: str, text: str, doubted: bool, tmp_path: Path) -> None:
    files = mapping(DB_CONNECTION=f"${{ENGINE:-{default}}}", DB_DATABASE="shop.db")
    files[name] = f"{text}\n"
    if doubted:
        finding = plan(tmp_path, files).findings[0]
        assert (finding.code, finding.applicability.value) == ("VF201", "unsafe")
        assert f"{name} sets the engine too" in (finding.reason or "")
    else:
        assert said(tmp_path, files) == (FIXED if default == "sqlite" else "")


@pytest.mark.parametrize(
    ("written", "beside", "expected"),
    [
        ("${DB_CONNECTION:-sqlite}", "mysql", ""),
        ("${DB_CONNECTION:-mysql}", "sqlite", "VF201 safe"),
        ("sqlite", "mysql", "VF201 safe"),
        ("mysql", "sqlite", ""),
    ],
)
def test_the_switch_in_an_env_file_that_nothing_names(written: str, beside: str, expected: str, tmp_path: Path) -> None:
    files = mapping(DB_CONNECTION=written, DEBUG="0")
    files[".env.prod"] = f"DB_CONNECTION={beside}\nDB_DATABASE=/app/shop.db\n"
    assert said(tmp_path, files) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"DB_HOST": "", "DB_NAME": "shop.db"},
        {"DB_CONNECTION": "", "DB_DATABASE": "shop.db"},
        {"DB_CONNECTION": "sqlite", "DB_HOST": "127.0.0.1", "DB_DATABASE": "shop.db"},
        {"CACHE_DRIVER": "redis", "QUEUE_CONNECTION": "redis", "MAIL_TYPE": "smtp", "DB_PATH": "./shop.db"},
        {"VECTOR_DB_TYPE": "postgres", "STORAGE_TYPE": "s3", "DB_PATH": "./shop.db"},
        {"MYSQL_HOST": "legacy", "DB_PATH": "./shop.db"},
    ],
)
def test_what_speaks_of_something_else_changes_nothing(values: dict[str, str], tmp_path: Path) -> None:
    assert said(tmp_path, mapping(**values)) == FIXED


def test_a_bind_that_would_hold_the_file_of_an_engine_that_is_off(tmp_path: Path) -> None:
    files = mapping(DB_TYPE="mysql", DB_PATH="/srv/shop/files/shop.db")
    files = {"compose.yaml": files["compose.yaml"].replace("rows:/app/data", "./files:/srv/shop/files")}
    assert said(tmp_path, files) == ""
    assert said(tmp_path, {"compose.yaml": files["compose.yaml"].replace("mysql", "sqlite")}) == "VF101 safe"
    assert said(tmp_path, {"compose.yaml": files["compose.yaml"].replace("mysql", "${T}")}) == "VF101 unsafe"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("DEBUG: '0'", "VF203 safe"),
        ("DATABASE_ENGINE: sqlite3", "VF203 safe"),
        ("DATABASE_ENGINE: django.db.backends.mysql", ""),
        ("DB_TYPE: postgres", ""),
        ("DB_TYPE: ${DB_TYPE}", "VF203 unsafe"),
    ],
)
def test_code_beside_a_switch(entry: str, expected: str, tmp_path: Path) -> None:
    compose = COMPOSE.format(keys=f"    environment:\n      {entry}\n").replace("image: acme/shop:3", "build: .")
    files = {
        "compose.yaml": compose,
        "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
        "requirements.txt": "sqlalchemy==2.0.36\n",
        "settings.py": "DATABASE_URL = 'sqlite:///shop.db'\n",
    }
    assert said(tmp_path, files) == expected


def test_other_rules_about_variables(tmp_path: Path) -> None:
    files = mapping(SQLITE_URL="sqlite://")
    assert said(tmp_path, files) == "VF205 none"
    assert said(tmp_path, mapping(SQLITE_URL="sqlite://", DB_TYPE="postgres")) == ""
    two = {
        "compose.yaml": COMPOSE.format(
            keys="    env_file: .env.prod\n    environment: {DB_CONNECTION: %s, DB_DATABASE: /app/data/a.db}\n"
        ),
        ".env.prod": "DB_DATABASE=/app/data/b.db\n",
    }
    assert said(tmp_path, {**two, "compose.yaml": two["compose.yaml"] % "sqlite"}) == "VF204 none"
    assert said(tmp_path, {**two, "compose.yaml": two["compose.yaml"] % "mysql"}) == ""


APPLICATIONS = [
    ("gitea/gitea:1.22", "/data", "GITEA__database__DB_TYPE", "mysql", "sqlite3"),
    ("n8nio/n8n:1.60.0", "/home/node/.n8n", "DB_TYPE", "postgresdb", "sqlite"),
    ("grafana/grafana:11.3.0", "/var/lib/grafana", "GF_DATABASE_TYPE", "postgres", "sqlite3"),
    ("vaultwarden/server:1.32.0", "/data", "DATABASE_URL", "postgresql://u:secret@db/vault", "/data/db.sqlite3"),
    ("quay.io/keycloak/keycloak:26.0", "/opt/keycloak/data", "KC_DB", "postgres", "dev-file"),
    ("sonarqube:10", "/opt/sonarqube/data", "SONAR_JDBC_URL", "jdbc:postgresql://db/sonar", "jdbc:h2:tcp://localhost/sonar"),
    ("vikunja/vikunja:0.24", "/db", "VIKUNJA_DATABASE_TYPE", "mysql", "sqlite"),
    ("muety/wakapi:2.12", "/data", "WAKAPI_DB_TYPE", "mysql", "sqlite3"),
]  # fmt: skip


@pytest.mark.parametrize(("image", "target", "switch", "server", "file"), APPLICATIONS)
def test_an_application_whose_own_database_is_off(
    image: str, target: str, switch: str, server: str, file: str, tmp_path: Path
) -> None:
    text = f"services:\n  app:\n    image: {image}\n    environment:\n      {switch}: '{{value}}'\n"
    mount = f"    volumes:\n      - ./state:{target}\n"
    off = plan(tmp_path, {"compose.yaml": (text + mount).format(value=server)}).findings
    off = tuple(each for each in off if each.code != "VF201")  # a note on a URL of a server that is not here
    assert [(each.code, each.severity.value, each.applicability.value) for each in off] == [("VF102", "info", "unsafe")]
    assert "but not its database" in off[0].danger
    assert "is on a server; only other files are here" in (off[0].reason or "")
    assert "secret" not in (off[0].reason or "")
    on = plan(tmp_path, {"compose.yaml": (text + mount).format(value=file)}).findings
    assert [(each.code, each.severity.value) for each in on] == [("VF102", "error")]
    assert "may be on a server" not in (on[0].reason or "")
    if ":" in server:
        pieces = server.replace("@db", "@${HOST}").replace("//db", "//${HOST}")
        part = plan(tmp_path, {"compose.yaml": (text + mount).format(value=pieces)}).findings
        assert ("VF102", "info") in [(each.code, each.severity.value) for each in part], "the scheme names the engine"
    unknown = plan(tmp_path, {"compose.yaml": (text + mount).format(value="${X}")}).findings
    assert [(each.code, each.severity.value, each.applicability.value) for each in unknown] == [
        ("VF102", "error", "safe")  # the directory moves whole, whichever engine it is
    ]
    assert any("with a server, only other files are here" in each for each in unknown[0].evidence)
    assert "VF105" not in said(tmp_path, {"compose.yaml": text.format(value=server)})
    assert "VF105 none" in said(tmp_path, {"compose.yaml": text.format(value=file)})
