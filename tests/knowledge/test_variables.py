"""Variables that by convention carry a database, and the words that companions of engines go by."""

from __future__ import annotations

import pytest
from all_entries import all_entries

from volfix.knowledge.tables import HERE, parsed
from volfix.knowledge.variables import VariableKind, database_variables, variable_kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("DATABASE_URL", "url"),
        ("SQLALCHEMY_DATABASE_URI", "url"),
        ("SPRING_DATASOURCE_URL", "url"),
        ("ConnectionStrings__DefaultConnection", "url"),
        ("SHOP_DATABASE_URL", "url"),
        ("HBOX_STORAGE_SQLITE_URL", "url"),
        ("DB_PATH", "file"),
        ("DATABASE_PATH", "file"),
        ("SQLITE_DATABASE", "file"),
        ("DB_DATABASE", "file"),
        ("database__connection__filename", "file"),
        ("GITEA__database__PATH", "file"),
        ("SHOP_DB_PATH", "file"),
        ("DATA_DIR", "directory"),
        ("PGDATA", "directory"),
        ("SHOP_DATA_DIR", "directory"),
        ("PATH", None),
        ("HOME", None),
        ("DATABASE", "file"),
        ("DATABASE_HOST", None),
        ("DATABASE_URL_FILE", None),  # a secret's file
        ("POSTGRES_DB_FILE", None),
        ("POSTGRES_DB", None),
        ("REDIS_URL", None),
        ("database_url", None),
        ("CONFIG_DIR", None),
        ("LOG_PATH", None),
        ("", None),
    ],
)
def test_a_name_promises_a_url_a_file_a_directory_or_nothing(name: str, kind: VariableKind | None) -> None:
    assert variable_kind(name) == kind


def test_no_name_is_listed_twice() -> None:
    groups = parsed((HERE / "variables.toml").read_text(encoding="utf-8"))["variables"]
    names = [name for group in groups for name in group["names"]]
    assert len(names) == len(set(names)) == len(database_variables())
    assert {group["kind"] for group in groups} == {"url", "file", "directory"}


def test_a_pattern_leads_with_its_star_or_ends_with_it() -> None:
    for name in database_variables():
        assert "*" not in name.strip("*"), name
        assert name.count("*") < 2, name


def test_companions_are_single_words_and_name_no_engine() -> None:
    words = parsed((HERE / "companions.toml").read_text(encoding="utf-8"))["words"]
    assert words == sorted(set(words))
    engines = {word for known in all_entries() for word in known.words}
    assert not engines & set(words)
    for word in words:
        assert word == word.lower().rstrip("0123456789")
        assert not set(word) & set("-_. ")
