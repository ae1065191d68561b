"""The libraries themselves are asked which file they open, for the rows of the table that they can answer."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from database_table import TABLE

sqlalchemy: Any = pytest.importorskip("sqlalchemy")
dj_database_url: Any = pytest.importorskip("dj_database_url")
environ: Any = pytest.importorskip("environ")
sqlite_of_django: Any = pytest.importorskip("django.db.backends.sqlite3.base")
db_url: Any = pytest.importorskip("playhouse.db_url")
tortoise: Any = pytest.importorskip("tortoise.backends.base.config_generator")


def of_sqlalchemy(value: str) -> str:
    url = sqlalchemy.make_url(value.replace("+aiosqlite", ""))
    arguments, _ = sqlalchemy.create_engine(url).dialect.create_connect_args(url)
    name = str(arguments[0])
    return name.removeprefix("file:").partition("?")[0] if name.startswith("file:") else name


def of_django(name: str) -> str:
    settings = {"NAME": name, "OPTIONS": {}, "ENGINE": "django.db.backends.sqlite3"}
    return str(sqlite_of_django.DatabaseWrapper(settings).get_connection_params()["database"])


LIBRARIES: dict[str, Callable[[str], str]] = {
    "sqlalchemy": of_sqlalchemy,
    "sqlmodel": of_sqlalchemy,
    "dj-database-url": lambda value: of_django(str(dj_database_url.parse(value)["NAME"])),
    "django-environ": lambda value: of_django(str(environ.Env.db_url_config(value)["NAME"])),
    "peewee": lambda value: str(db_url.parse(value)["database"]),
    "tortoise": lambda value: str(tortoise.expand_db_url(value)["credentials"]["file_path"]),
}
ASKED = [row for row in TABLE if row[0] in LIBRARIES and row[5] in ("inside", "moved", "trap")]


@pytest.mark.parametrize(("reader", "value", "directory", "mounts", "path", "said", "after"), ASKED)
def test_the_library_itself_says_the_same(
    reader: str,
    value: str,
    directory: str,
    mounts: str,
    path: str,
    said: str,
    after: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before and after the change; a relative path starts from where the process works, which here is a directory of
    the test's.
    """
    monkeypatch.chdir(tmp_path)

    def opened(url: str) -> str:
        name = LIBRARIES[reader](url)
        beside = os.path.relpath(name, tmp_path) if name.startswith(f"{tmp_path.parent}/") else name
        return "/" + posixpath.normpath(posixpath.join(directory, beside)).lstrip("/")

    assert opened(value) == path
    if after:
        target = mounts.split(",")[0]
        assert unquote(opened(after)) == unquote(posixpath.join(target, posixpath.basename(path)))
