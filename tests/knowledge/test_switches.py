"""Which engine an environment says that an application uses."""

from __future__ import annotations

import pytest
from all_entries import all_entries

from volfix.knowledge.switches import Environment, engine_of, host_beside, switch_of

SWITCHES = [
    ("DB_DATABASE", "DB_CONNECTION", "mysql", "sqlite"),
    ("DATABASE_NAME", "DATABASE_ENGINE", "django.db.backends.postgresql", "django.db.backends.sqlite3"),
    ("DJANGO_DB_NAME", "DJANGO_DB_ENGINE", "django.contrib.gis.db.backends.postgis", "spatialite"),
    ("DB_SQLITE_DATABASE", "DB_TYPE", "postgresdb", "sqlite"),
    ("GF_DATABASE_PATH", "GF_DATABASE_TYPE", "mysql", "sqlite3"),
    ("GITEA__database__PATH", "GITEA__database__DB_TYPE", "postgres", "sqlite3"),
    ("FORGEJO__database__PATH", "FORGEJO__database__DB_TYPE", "mssql", "SQLite3"),
    ("database__connection__filename", "database__client", "mysql", "sqlite3"),
    ("DATABASE_FILENAME", "DATABASE_CLIENT", "postgres", "better-sqlite3"),
    ("DB_FILENAME", "DB_CLIENT", "oracledb", "sqlite3"),
    ("KC_DB_URL", "KC_DB", "mariadb", "dev-file"),
    ("WAKAPI_DB_NAME", "WAKAPI_DB_TYPE", "cockroach", "sqlite3"),
    ("VIKUNJA_DATABASE_PATH", "VIKUNJA_DATABASE_TYPE", "mysql", "sqlite"),
    ("MB_DB_FILE", "MB_DB_TYPE", "postgres", "h2"),
    ("SPRING_DATASOURCE_URL", "SPRING_DATASOURCE_DRIVER_CLASS_NAME", "com.mysql.cj.jdbc.Driver", "org.h2.Driver"),
    ("QUARKUS_DATASOURCE_JDBC_URL", "QUARKUS_DATASOURCE_DB_KIND", "postgresql", "h2"),
    ("TYPEORM_DATABASE", "TYPEORM_CONNECTION", "mariadb", "better-sqlite3"),
    ("PHOTOVIEW_SQLITE_PATH", "PHOTOVIEW_DATABASE_DRIVER", "mysql", "sqlite"),
    ("GTS_DB_ADDRESS", "GTS_DB_TYPE", "postgres", "sqlite"),
    ("LD_DB_DATABASE", "LD_DB_ENGINE", "postgres", "sqlite"),
    ("DB_NAME", "DB", "mysql", "sqlite"),
    ("SQLITE_PATH", "DB_DIALECT", "mysql", "sqlite"),
    ("DB_PATH", "DATABASE_PROVIDER", "SqlServer", "Sqlite"),
    ("MEMOS_DSN", "MEMOS_DRIVER", "postgres", "sqlite"),
    ("SFTPGO_DATA_PROVIDER__NAME", "SFTPGO_DATA_PROVIDER__DRIVER", "cockroachdb", "bolt"),
]


@pytest.mark.parametrize(("setting", "switch", "server", "file"), SWITCHES)
def test_a_switch_beside_the_setting(setting: str, switch: str, server: str, file: str) -> None:
    for value, engine in ((server, "server"), (file, "file"), (f'"{server}"', "server"), (None, "unknown")):
        said = switch_of(setting, {setting: "shop.db", switch: value})
        if value is None and switch in ("MEMOS_DRIVER", "SFTPGO_DATA_PROVIDER__DRIVER"):
            assert said is None  # without a word for a database in its name it counts by its value alone
        else:
            assert said is not None
            assert (said.name, said.engine) == (switch, engine)


@pytest.mark.parametrize(
    ("setting", "environment", "engine"),
    [
        ("DB_DATABASE", {}, None),
        ("DB_DATABASE", {"DB_CONNECTION": ""}, None),
        ("DB_DATABASE", {"DB_CONNECTION": "data/gotify.db"}, None),
        ("DB_DATABASE", {"DB_CONNECTION": "postgres://db/shop"}, None),
        ("DB_DATABASE", {"DB_CONNECTION": "${DB_CONNECTION}"}, "unknown"),
        ("DB_DATABASE", {"DB_CONNECTION": "tenants"}, "unknown"),
        ("DB_DATABASE", {"DB_CONNECTION": "mysql", "DB_ENGINE": "sqlite3"}, "unknown"),
        ("GOTIFY_DATABASE_CONNECTION", {"GOTIFY_DATABASE_CONNECTION": "mysql"}, None),
        ("APP_DATABASE_URL", {"APP_TYPE": "web", "APP_CLIENT": None}, None),
        ("DB_PATH", {"CACHE_DRIVER": "redis", "QUEUE_CONNECTION": "redis", "VECTOR_DB_TYPE": "postgres"}, None),
        ("SHOP_DB_PATH", {"SHOP_DB": "shop"}, None),
        ("SHOP_DB_PATH", {"SHOP_DB_TYPE": "mysql", "SHOP_DB": None}, "server"),
        ("SHOP_DB_PATH", {"SHOP_DB_TYPE": "sqlite", "DB_TYPE": "mysql"}, "file"),
    ],
)
def test_what_is_a_switch(setting: str, environment: Environment, engine: str | None) -> None:
    said = switch_of(setting, environment)
    assert (said and said.engine) == engine


def test_a_host_beside_the_setting() -> None:
    assert host_beside("DB_NAME", {"DB_HOST": "sql"}) == "DB_HOST"
    assert host_beside("SHOP_DB_NAME", {"SHOP_DB_HOST": "sql"}) == "SHOP_DB_HOST"
    assert host_beside("SQLITE_DATABASE", {"MYSQL_HOST": "sql"}) == "MYSQL_HOST"
    assert host_beside("DB_NAME", {"DB_HOST": "", "REDIS_HOST": "cache", "MAIL_DB_HOST": "sql"}) is None


@pytest.mark.parametrize(
    ("name", "environment", "engine"),
    [
        ("Vaultwarden", {"DATABASE_URL": "postgresql://u:p@db/vault"}, "server"),
        ("Vaultwarden", {"DATABASE_URL": "/data/db.sqlite3"}, "file"),
        ("Vaultwarden", {"DATABASE_URL": None}, "unknown"),
        ("Vaultwarden", {}, None),
        ("Gitea", {"GITEA__database__DB_TYPE": "mysql"}, "server"),
        ("Gitea", {"GITEA__database__DB_TYPE": "sqlite3"}, "file"),
        ("Grafana", {"GF_DATABASE_TYPE": "postgres"}, "server"),
        ("Grafana", {"GF_DATABASE_URL": "mysql://u:p@db/grafana"}, "server"),
        ("n8n", {"DB_TYPE": "postgresdb"}, "server"),
        ("n8n", {"DB_TYPE": "${DB_TYPE}"}, "unknown"),
        ("Keycloak", {"KC_DB": "postgres"}, "server"),
        ("Keycloak", {"KC_DB_URL": "jdbc:postgresql://db/keycloak"}, "server"),
        ("SonarQube", {"SONAR_JDBC_URL": "jdbc:postgresql://db/sonar"}, "server"),
        ("Metabase", {"MB_DB_CONNECTION_URI": "postgres://db/metabase?user=u&password=p"}, "server"),
        ("Ghost", {"database__client": "mysql"}, "server"),
        ("Vikunja", {"VIKUNJA_DATABASE_TYPE": "mysql"}, "server"),
        ("Wakapi", {"WAKAPI_DB_TYPE": "mysql"}, "server"),
        ("Nextcloud", {"MYSQL_HOST": "db"}, "server"),
        ("Nextcloud", {"SQLITE_DATABASE": "nextcloud"}, "file"),
        ("New API", {"SQL_DSN": "root:secret@tcp(mysql:3306)/oneapi"}, "server"),
        ("New API", {"SQLITE_PATH": "/data/one-api.db"}, "file"),
    ],
)
def test_an_application(name: str, environment: Environment, engine: str | None) -> None:
    entry = next(entry for entry in all_entries() if entry.name == name)
    said = engine_of(entry, environment)
    assert (said and said.engine) == engine
    assert said is None or ("secret" not in str(said) and "p@" not in str(said))
