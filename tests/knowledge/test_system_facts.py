"""What is known of CI systems: every fact says its source, and each means what the code takes it for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from volfix.knowledge import systems
from volfix.knowledge.systems import Life, Place, System, changes, plugins_of, system
from volfix.knowledge.tables import HERE, table
from volfix.knowledge.unread_systems import unread_files

OF_VOLFIX = {"name", "is_editable", "edits_commands", "names_jobs", "tests_by_default", "sources"}
"""What is no fact of the system."""
MODULES = sorted(table("systems"))
CI = HERE.parent / "project" / "ci"


@pytest.mark.parametrize("module", MODULES)
def test_every_fact_says_its_source_and_no_source_is_of_nothing(module: str) -> None:
    row = table("systems")[module]
    assert set(row["sources"]) == set(row) - OF_VOLFIX
    assert all(source.strip() and "://" not in source for source in row["sources"].values())


@pytest.mark.parametrize("module", MODULES)
def test_a_system_is_read_by_the_module_of_its_name(module: str) -> None:
    assert (CI / f"{module}.py").is_file()
    assert system(module).name


def test_the_modules_say_no_fact_a_second_time() -> None:
    """Words that only the table may have: directories, variables, events and flags."""
    facts = {word for module in MODULES for word in _words(system(module))}
    texts = {path: path.read_text(encoding="utf-8") for path in CI.glob("*.py")}
    assert [(path.name, word) for path, text in texts.items() for word in facts if f'"{word}"' in text] == []


def _words(known: System) -> tuple[str, ...]:
    places = (known.workspace, known.host_directory, known.runner_volumes, *known.workspaces.values())
    return tuple(word for word in (*places, *known.workspace_variables, *known.changing_variables) if word)


@pytest.mark.parametrize("module", MODULES)
def test_lives_places_and_patterns_are_such(module: str) -> None:
    known = system(module)
    assert {Life(each) for each in (known.checkout, *known.strategies.values())}
    assert all(Place(each) for each in known.places.values())
    assert re.compile(known.hosted).groups == re.compile(known.own).groups == 0
    for place in (known.workspace, *known.workspaces.values()):
        assert place == "" or place.startswith("/")


@pytest.mark.parametrize("module", [name for name in MODULES if system(name).cleaned_by])
def test_what_cleans_a_checkout_is_said_in_words_that_end_a_sentence(module: str) -> None:
    for text in system(module).cleaned_by.values():
        assert text[0].isupper() or text.startswith(("the ", "actions/"))
        assert not text.endswith(".")


@pytest.mark.parametrize("module", MODULES)
def test_a_variable_of_a_system_changes_each_time(module: str) -> None:
    for name in system(module).changing_variables:
        written = f"${{_{name.replace('.', '_')}__}}" if "." in name else f"${{{name}}}"
        assert changes(f"shop-{written}"), name


@pytest.mark.parametrize(
    "text",
    [
        *("$CI_PROJECT_NAME", "$CI_COMMIT_REF_SLUG", "$CIRCLE_PROJECT_REPONAME", "$GITHUB_REPOSITORY", "$JOB_NAME"),
        *(
            "$DRONE_REPO_NAME",
            "$CIRCLE_BRANCH",
            "$(git rev-parse --abbrev-ref HEAD)",
            "$(git rev-parse --show-toplevel)",
        ),
        *("${_pipeline_project_slug__}", "$UPDATED", "$MANDATE_X", "$STAGE"),
    ],
)
def test_what_stays_for_a_repository_or_a_branch_does_not_change(text: str) -> None:
    assert not changes(f"shop-{text}")


def test_a_file_that_is_not_read_says_of_what_system_it_is() -> None:
    rows = table("unread_systems")["system"]
    assert all(row["source"].strip() and "://" not in row["source"] for row in rows)
    assert len(unread_files()) == sum(len(row["files"]) for row in rows)
    assert unread_files()["bitbucket-pipelines.yml"] == "the pipelines of Bitbucket"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("appleboy/ssh-action@v1", "ssh"),
        ("appleboy/drone-scp", "scp"),
        ("drillster/drone-rsync", "rsync"),
        ("Burnett01/rsync-deployments@7", "rsync"),
        ("plugins/docker", ""),
        ("someone/ssh-scp-action", "scp ssh"),
    ],
)
def test_a_plugin_is_known_by_a_word_of_its_name(name: str, word: str) -> None:
    assert " ".join(each.word for each in plugins_of(name)) == word


def test_a_plugin_says_its_source() -> None:
    assert all(row["source"].strip() and "://" not in row["source"] for row in table("plugins")["plugin"])


def test_the_tables_begin_with_what_they_are() -> None:
    for name in ("systems", "unread_systems", "changing", "plugins"):
        assert (Path(systems.__file__).parent / f"{name}.toml").read_text(encoding="utf-8").startswith("# ")
