"""Where a database file lies, as the base image, the user, the framework say; and what a place that nobody knows means."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

H2 = "jdbc:h2:~/shop;MODE=MySQL"
SYMFONY = {"composer.json": '{"require": {"doctrine/doctrine-bundle": "^2"}}'}


def findings(root: Path, value: str, keys: str = "", **files: str) -> list[volfix.Finding]:
    """The findings of a service that is built here, or runs what `keys` say, and is given the value."""
    text = f"services:\n  app:\n{keys or '    build: .'}\n    environment:\n      DATABASE_URL: '{value}'\n"
    for path, content in {"compose.yaml": text, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return list(volfix.plan(root, select=("VF2",)).findings)


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("python:3.12-slim", "/shop.db"),
        ("openjdk:17-slim", "/shop.db"),
        ("amazoncorretto:21", "/shop.db"),
        ("maven:3.9", "/shop.db"),
        ("elixir:1.16", "/shop.db"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", "/shop.db"),
        ("golang:1.24", "/go/shop.db"),
        ("docker.io/library/golang:1.24", "/go/shop.db"),
        ("oven/bun:1", "/home/bun/app/shop.db"),
    ],
)
def test_a_stage_without_workdir_starts_where_its_base_image_does(base: str, path: str, tmp_path: Path) -> None:
    dockerfile = {"Dockerfile": f"FROM {base}\nCOPY . .\n", "requirements.txt": "sqlalchemy==2.0.36\n"}
    (found,) = findings(tmp_path, "sqlite:///./shop.db", **dockerfile)
    assert (found.severity, path in found.danger) == ("error", True)


@pytest.mark.parametrize("base", ["registry.local/golang:1", "acme/golang", "aspnet:8", "php:8.3-apache"])
def test_an_image_of_another_repository_is_not_known(base: str, tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "sqlite:///./shop.db", Dockerfile=f"FROM {base}\nCOPY . .\n")
    assert "wherever it lies" in found.danger


@pytest.mark.parametrize(
    ("dockerfile", "keys"),
    [
        ("FROM eclipse-temurin:21\nWORKDIR /app\n", ""),
        ("FROM openjdk:17\nWORKDIR /app\nUSER root\n", ""),
        ("FROM acme/java\nWORKDIR /app\nUSER 0\n", ""),
        ("FROM acme/java\nWORKDIR /app\nUSER app\n", "    build: .\n    user: root"),
    ],
)
def test_the_home_of_root_is_known(dockerfile: str, keys: str, tmp_path: Path) -> None:
    (found,) = findings(tmp_path, H2, keys, Dockerfile=dockerfile)
    assert "/root/shop.mv.db" in found.danger


@pytest.mark.parametrize(
    ("dockerfile", "keys"),
    [
        ("FROM acme/java\nWORKDIR /app\n", ""),
        ("FROM eclipse-temurin:21\nWORKDIR /app\nUSER app\n", ""),
        ("FROM eclipse-temurin:21\nWORKDIR /app\n", "    build: .\n    user: '1000'"),
        ("FROM eclipse-temurin:21\nWORKDIR /app\n", "    image: acme/shop:1"),
    ],
)
def test_the_home_of_another_user_is_not(dockerfile: str, keys: str, tmp_path: Path) -> None:
    (found,) = findings(tmp_path, H2, keys, Dockerfile=dockerfile)
    assert "/root" not in found.danger


@pytest.mark.parametrize("directory", ["/app", "/var/www/shop", "/srv/www"])
def test_symfony_puts_its_own_directory_in(directory: str, tmp_path: Path) -> None:
    dockerfile = f"FROM php:8.3-cli\nWORKDIR /work\nCOPY . {directory}\n"
    (found,) = findings(tmp_path, "sqlite:///%kernel.project_dir%/var/data.db", Dockerfile=dockerfile, **SYMFONY)
    assert f"{directory}/var/data.db" in found.danger
    assert (found.fix, found.severity) == (None, "error")


def test_symfony_with_another_parameter_lies_where_nobody_knows(tmp_path: Path) -> None:
    dockerfile = "FROM php:8.3-cli\nWORKDIR /app\nCOPY . .\n"
    value = "sqlite:///%kernel.project_dir%/var/%kernel.environment%.db"
    (found,) = findings(tmp_path, value, Dockerfile=dockerfile, **SYMFONY)
    assert "wherever it lies" in found.danger


@pytest.mark.parametrize(
    ("keys", "severity"),
    [
        ("    image: acme/shop:1", "error"),
        ("    image: acme/shop:1\n    read_only: false", "error"),
        ("    image: acme/shop:1\n    volumes: ['logs:/var/log/shop']", "warning"),
        ("    image: acme/shop:1\n    volumes: ['/var/lib/shop']", "warning"),
        ("    image: vaultwarden/server:1.30.1", "warning"),
        ("    image: acme/shop:1\n    volumes_from: ['container:rows']", "warning"),
    ],
)
def test_a_place_that_nobody_knows_is_an_error_where_nothing_is_mounted(
    keys: str, severity: str, tmp_path: Path
) -> None:
    found = findings(tmp_path, "sqlite:///shop.db", keys)
    assert [each.severity for each in found if each.code == "VF201"] == [severity]


@pytest.mark.parametrize(
    "value", ["sqlite:////dev/null", "sqlite+aiosqlite:////dev/null", "jdbc:sqlite:/dev/null", "file:/dev/shm/x.db"]
)
def test_devices_are_no_databases(value: str, tmp_path: Path) -> None:
    requirements = {"requirements.txt": "sqlalchemy==2.0.36\n"} if value.startswith("sqlite") else {}
    assert not findings(tmp_path, value, Dockerfile="FROM alpine\nWORKDIR /app\n", **requirements)
