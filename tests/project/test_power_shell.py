"""Given a PowerShell script that goes elsewhere, then the commands behind run there, or where is honestly unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.project.commands.power_shell import entries
from volfix.project.commands.power_shell_paths import path_of
from volfix.syntax.source import Source

ROWS = (
    "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\n"
    "volumes:\n  rows:\n    driver: local\n"
)
DOWN_UP = "docker compose down -v\ndocker compose up -d\n"
SCRIPT = Path("/repo/scripts/deploy.ps1")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("$PSScriptRoot", "/repo/scripts"),
        ('"$PSScriptRoot\\..\\app"', "/repo/scripts/../app"),
        ("(Join-Path $PSScriptRoot '..' 'app')", "/repo/app"),
        ('Join-Path -Path $PSScriptRoot -ChildPath "..\\app"', "/repo/app"),
        ("(Join-Path (Split-Path -Parent $PSScriptRoot) app)", "/repo/app"),
        ("Split-Path -Parent $MyInvocation.MyCommand.Path", "/repo/scripts"),
        ("(Split-Path $PSScriptRoot -Parent)", "/repo"),
        ("$(Split-Path $PSCommandPath)", "/repo/scripts"),
        ('(Resolve-Path "$PSScriptRoot/..").Path', "/repo/scripts/.."),
        ("-LiteralPath 'C:\\srv\\shop'", "/C:/srv/shop"),
        ("..\\app", "../app"),
        ("$HOME\\shop", "~/shop"),
        ("${env:USERPROFILE}/shop", "~/shop"),
        ("$Root/app", "/repo/app"),
        ("${root}", "/repo"),
        ("$env:SHOP", None),
        ("$Unset/app", None),
        ("(Get-Item .).FullName", None),
        ("(Join-Path $PSScriptRoot $Unset)", None),
        ('"$(Get-Location)\\app"', None),
        ("", None),
    ],
)
def test_the_path_that_an_expression_says(text: str, path: str | None) -> None:
    assert path_of(text, SCRIPT, {"root": "/repo", "unset": None}, is_argument=True) == path


def test_a_bare_word_that_is_no_argument_is_a_command() -> None:
    assert path_of("Get-App", SCRIPT, {}) is None
    assert path_of("(Get-App)", SCRIPT, {}, is_argument=True) is None


def commands(text: str) -> list[str]:
    found = entries(Source.of(SCRIPT, text.encode()))
    return [fragment.text.rstrip() for entry in found for fragment in entry.fragments]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Set-Location C:\\srv\\shop\ndocker compose up -d\n", ["cd '/C:/srv/shop'", "docker compose up -d"]),
        ("sl ../app\nchdir web\ndocker ps\n", ["cd '../app'", "cd 'web'", "docker ps"]),
        ("Push-Location app; docker compose up -d; Pop-Location\n", ["pushd 'app'", "docker compose up -d", "popd"]),
        (
            "try { pushd app\n  docker compose up -d\n} finally { popd }\n",
            ["pushd 'app'", "docker compose up -d", "popd"],
        ),
        ("$App = Join-Path $PSScriptRoot 'app'\ncd $App\ndocker ps\n", ["cd '/repo/scripts/app'", "docker ps"]),
        ("$App = Get-App\ncd $App\ndocker ps\n", ['cd "$PLACE"', "docker ps"]),
        ("docker compose up `\n  -d\n", ["docker compose up \\\n  -d"]),
        ('<#\ncd /x\ndocker compose down -v\n#>\n# cd /y\nWrite-Host "a; cd /z"\ndocker ps\n', ["docker ps"]),
        ("$text = @'\ncd /x\n'@\ndocker ps\n", ["docker ps"]),
        ("cdr ../x\nSet-LocationX y\ndocker ps\n", ["docker ps"]),
        ("Set-Location app\nnpm ci\n", []),
    ],
)
def test_what_a_script_runs_and_where(text: str, expected: list[str]) -> None:
    assert commands(text) == expected


def found(root: Path, script: str, text: str) -> list[str]:
    for name, content in (("app/compose.yaml", ROWS), ("other/compose.yaml", ROWS), (script, text)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    findings = [each for each in volfix.plan(root).findings if each.code == "VF401"]
    return [line for each in findings for line in each.evidence if "stack" in line]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("deploy.ps1", f"Set-Location app\n{DOWN_UP}"),
        ("scripts/deploy.ps1", f"Set-Location $PSScriptRoot\\..\\app\n{DOWN_UP}"),
        ("scripts/deploy.ps1", f"$Root = Split-Path -Parent $PSScriptRoot\ncd (Join-Path $Root app)\n{DOWN_UP}"),
        ("deploy.ps1", f"Push-Location other\ndocker compose build\nPop-Location\ncd app\n{DOWN_UP}"),
    ],
)
def test_a_directory_of_the_repository_is_followed(script: str, text: str, tmp_path: Path) -> None:
    assert found(tmp_path, script, text) == ["this deletes volumes of the stack app: app_rows"]


@pytest.mark.parametrize("where", ["C:\\srv\\shop", "$env:SHOP", "$Target", "(Get-Target)"])
def test_a_directory_elsewhere_is_one_of_which_the_stack_is_not_known(where: str, tmp_path: Path) -> None:
    assert found(tmp_path, "deploy.ps1", f"Set-Location {where}\n{DOWN_UP}") == [
        "volfix cannot tell which stack this command is for"
    ]
