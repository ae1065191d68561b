"""Which rules a stack gives no occasion, so that their modules are not even imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from volfix.rules.occasions import OCCASIONS
from volfix.rules.registry import REGISTRY
from volfix.rules.selection import ABOUT_COMMANDS, BY_WHOLE_CODE, OFF_BY_DEFAULT

HELD = (
    "services:\n  db:\n    image: mysql:8.4\n    volumes: ['db-data:/var/lib/mysql']\n"
    "volumes:\n  db-data:\n    driver: local\n"
)
PLAIN = "services:\n  web:\n    image: nginx:1.27\n    environment: {TZ: Europe/Berlin}\n"
BIND = "services:\n  db:\n    image: mysql:8.4\n    volumes: ['./db:/var/lib/mysql']\n"


def imported_rules(directory: Path) -> list[str]:
    """The rules whose modules a run over the directory imports."""
    code = (
        "import sys, volfix\nvolfix.plan(sys.argv[1])\n"
        "print(*sorted(name[13:] for name in sys.modules if name.startswith('volfix.rules.vf')))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(directory)], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("text", [HELD, PLAIN], ids=["held in a volume", "no data"])
def test_a_project_that_gives_no_rule_an_occasion_imports_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    assert imported_rules(tmp_path) == []


def test_a_bind_mount_is_the_occasion_of_the_rules_about_bind_mounts(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BIND)
    assert imported_rules(tmp_path) == ["vf101", "vf102", "vf103"]


def test_the_tables_about_rules_name_rules() -> None:
    assert set(OCCASIONS) | OFF_BY_DEFAULT | BY_WHOLE_CODE | ABOUT_COMMANDS <= set(REGISTRY)


@pytest.mark.parametrize("code", list(REGISTRY))
def test_a_rule_has_the_code_that_its_module_is_called(code: str) -> None:
    assert REGISTRY[code].code == code
