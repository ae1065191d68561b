"""The language server as an editor meets it: the real process, over stdio."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from editor import Editor, edit, place
from lsprotocol import types

from volfix.cli.main import volfix

FIXTURES = Path(__file__).parents[2] / "fixtures"
NAMES = sorted(path.parent.name for path in FIXTURES.glob("*/repository"))
COMPOSE = """\
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2hunter2
    volumes:
      - ./pg:/var/lib/postgresql/data
"""
MOVED = COMPOSE.replace("./pg:", "db-data:") + "\nvolumes:\n  db-data:\n    driver: local\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def written(folder: Path, to: Path, texts: dict[str, str], *options: str) -> dict[str, bytes]:
    """What `volfix --write` makes of a copy of the folder in which these documents are saved."""
    shutil.copytree(folder, to)
    for uri, text in texts.items():
        (to / Path(uri.removeprefix("file://")).relative_to(folder)).write_bytes(text.encode())
    select = [each.replace(str(folder), str(to)) for each in options]
    result = CliRunner().invoke(volfix, ["--write", "--no-outside", *select, str(to)])
    assert result.exit_code in (0, 1), result.output
    return files(to)


def with_edits(folder: Path, texts: dict[str, str], made: dict[str, str]) -> dict[str, bytes]:
    """The files of the folder, once the documents and the edits are saved."""
    saved = {uri.removeprefix(f"{folder.as_uri()}/"): text.encode() for uri, text in {**texts, **made}.items()}
    return {**files(folder), **saved}


def said(editor: Editor) -> Iterator[str]:
    for params in editor.published.values():
        for each in params.diagnostics:
            yield each.message
            yield from (related.message for related in each.related_information or [])
    yield from editor.messages


def test_what_is_not_saved_is_checked_while_it_is_typed(project: Path) -> None:
    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        assert await editor.codes(uri) == ["VF101"]
        editor.type(uri, MOVED)
        assert await editor.codes(uri) == []
        editor.type(uri, COMPOSE)
        (found,) = await editor.diagnostics(uri)
        assert found.range == types.Range(types.Position(6, 8), types.Position(6, 37))
        assert found.severity is types.DiagnosticSeverity.Error
        assert found.message.startswith("PostgreSQL's data is inside the checkout\n")

    edit(project, session)
    assert files(project) == {"compose.yaml": COMPOSE.encode()}


def test_the_other_files_of_a_project_have_their_findings_on_their_own_documents(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(FIXTURES / "fastapi-sqlite-drone" / "repository", folder)

    async def session(editor: Editor) -> None:
        uri = editor.open(folder / "docker-compose.yml")
        await editor.codes(uri)
        await editor.until(lambda: len(editor.published) == 3)
        found = {Path(name).name: [each.code for each in it.diagnostics] for name, it in editor.published.items()}
        assert found == {"docker-compose.yml": ["VF101"], ".env.prod": ["VF201"], ".drone.yml": ["VF303"]}
        env = editor.open(folder / ".env.prod")
        editor.type(env, editor.texts[env].replace("sqlite:///./database.db", "sqlite:////app/data/database.db"))
        assert await editor.codes(env) == []
        dockerfile = editor.open(folder / "backend" / "Dockerfile")
        assert await editor.codes(dockerfile) == []
        for each in (uri, env, dockerfile):
            editor.close(each)
        await editor.until(lambda: not any(it.diagnostics for it in editor.published.values()))

    edit(folder, session)


@pytest.mark.parametrize(("name", "end"), [*((name, "\n") for name in NAMES), (NAMES[0], "\r\n")])
def test_each_action_makes_what_write_makes_of_the_same_text_byte_for_byte(name: str, end: str, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(FIXTURES / name / "repository", folder)
    paths = (*folder.rglob("docker-compose*.y*ml"), *folder.rglob("compose*.y*ml"))
    texts = {
        path.as_uri(): f"# 🐘 not saved yet\n{path.read_text(encoding='utf-8')}".replace(" # ", " # 🐘 ").replace(
            "\n", end
        )
        for path in paths
    }

    async def session(editor: Editor) -> list[tuple[types.CodeAction, dict[str, str]]]:
        for path in paths:
            editor.open(path, texts[path.as_uri()])
        actions = [action for uri in texts for action in await editor.actions(uri)]
        return [(action, await editor.edit_of(action)) for action in actions]

    found = edit(folder, session)
    assert found
    for number, (action, made) in enumerate(found):
        data = action.data
        assert isinstance(data, dict)
        options = [f"--select={data['code']}@{data['path']}:{data['line']}"] if "code" in data else []
        options += ["--unsafe-fixes"] if data.get("unsafe") else []
        expected = written(folder, tmp_path / str(number), texts, *options)
        assert with_edits(folder, texts, made) == expected, action.title


def test_an_unsafe_fix_says_so_and_is_never_preferred(project: Path) -> None:
    text = COMPOSE.replace("./pg:", "/srv/pg:")

    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml", text)
        (action,) = await editor.actions(uri)
        assert action.title.startswith("VF101: UNSAFE, decide first: the named volume db-data; it starts EMPTY")
        assert action.is_preferred is False
        made = await editor.edit_of(action)
        assert "- db-data:/var/lib/postgresql/data" in made[uri]
        editor.type(uri, COMPOSE)
        (action,) = await editor.actions(uri)
        assert (action.title, action.is_preferred) == (
            "VF101: the named volume db-data; it starts EMPTY: carry the data",
            True,
        )

    edit(project, session)


def test_an_action_is_for_its_place_and_kind(project: Path) -> None:
    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        start = place(COMPOSE, "postgres:16")
        assert await editor.actions(uri, types.Range(start, start)) == []
        start = place(COMPOSE, "pg:/var")
        assert len(await editor.actions(uri, types.Range(start, start))) == 1
        assert await editor.actions(uri, only=["source.fixAll"]) == []
        assert len(await editor.actions(uri, only=["quickfix"])) == 1

    edit(project, session)


def test_an_action_that_no_longer_holds_is_not_made_and_says_why(project: Path) -> None:
    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        (action,) = await editor.actions(uri)
        editor.type(uri, MOVED)
        assert await editor.edit_of(action) == {}
        await editor.until(lambda: bool(editor.messages))
        assert editor.messages == [
            "volfix: volfix does not make this fix: the files have changed, and the finding is not there any more"
        ]

    edit(project, session)


def test_an_editor_that_does_not_ask_again_has_the_edits_at_once(project: Path) -> None:
    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        (action,) = await editor.actions(uri)
        assert action.edit is not None
        assert await editor.edit_of(action) == {uri: MOVED}

    edit(project, session, resolves=False)


def test_the_evidence_is_under_the_pointer(project: Path) -> None:
    async def hover(editor: Editor, uri: str, part: str) -> str | None:
        at = types.HoverParams(types.TextDocumentIdentifier(uri), place(COMPOSE, part))
        found = await editor.text_document_hover_async(at)
        if found is None:
            return None
        assert isinstance(found.contents, types.MarkupContent)
        assert found.contents.kind is types.MarkupKind.PlainText
        return found.contents.value

    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        text = await hover(editor, uri, "pg:/var")
        assert text is not None
        assert text.splitlines() == [
            "error[VF101] PostgreSQL's data is inside the checkout",
            "the data of PostgreSQL is kept in ./pg, in the checkout: a fresh clone or `git clean` deletes it",
            "postgres:16: PostgreSQL keeps its data in /var/lib/postgresql/data",
            "on the host the volume will be called shop_db-data",
            "compose.yaml:3: PostgreSQL keeps its data in /var/lib/postgresql/data",
            "fix (safe): the named volume db-data; it starts EMPTY: carry the data",
        ]
        assert await hover(editor, uri, "image") is None

    edit(project, session)


def test_half_typed_yaml_is_one_diagnostic(project: Path) -> None:
    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        editor.type(uri, COMPOSE + "  web: [")
        (found,) = await editor.diagnostics(uri)
        assert found.code == "unreadable"
        assert found.range.start.line in (7, 8)
        assert await editor.actions(uri) == []
        editor.type(uri, COMPOSE)
        assert await editor.codes(uri) == ["VF101"]

    edit(project, session)


def test_no_text_ends_the_server(project: Path) -> None:
    texts = [
        "services: \0",
        "a: &a [*a, *a]\nservices: {db: *a}\n",
        "[" * 5000,
        "services: \ud800",
        "\ufeff",
        "\r\r\r: :",
        "services: {db: {image: 'postgres:16', volumes: ['./a\\0b:/var/lib/postgresql/data']}}",
    ]

    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        for text in texts:
            editor.type(uri, text)
            assert len(await editor.diagnostics(uri)) <= 1
            editor.type(uri, COMPOSE)
            assert await editor.codes(uri) == ["VF101"]

    edit(project, session)


@pytest.mark.parametrize(("encoding", "column"), [(None, 10), ("utf-8", 12), ("utf-32", 9)])
def test_columns_are_counted_as_agreed(encoding: str | None, column: int, project: Path) -> None:
    text = COMPOSE.replace("- ./pg:/var/lib/postgresql/data", '["🐘:/x", ./pg:/var/lib/postgresql/data]')

    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml", text)
        found = [each for each in await editor.diagnostics(uri) if each.code == "VF101"]
        assert [each.range.start.character for each in found] == [column + 6]
        (action,) = [each for each in await editor.actions(uri) if each.title.startswith("VF101")]
        made = (await editor.edit_of(action))[uri]
        assert '["🐘:/x", db-data:/var/lib/postgresql/data]' in made

    edit(project, session, encodings=[encoding] if encoding else None)


def test_a_byte_order_mark_that_the_editor_counts_moves_no_edit(project: Path) -> None:
    text = "\ufeffservices: {db: {image: 'postgres:16', volumes: ['./pg:/var/lib/postgresql/data']}}\n"

    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml", text)
        (action,) = await editor.actions(uri)
        assert (await editor.edit_of(action))[uri].startswith(
            "\ufeffservices: {db: {image: 'postgres:16', volumes: ['db-data:/var/lib/postgresql/data']}}\n"
        )

    edit(project, session)


def test_of_many_changes_the_last_one_counts(project: Path) -> None:
    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        for number in range(200):
            editor.type(uri, f"{COMPOSE}# {number}\n")
        editor.type(uri, MOVED)
        assert await editor.codes(uri) == []

    edit(project, session)


def test_no_secret_is_shown(project: Path) -> None:
    text = COMPOSE + "    command: ['sh', '-c', 'psql postgres://u:hunter2hunter2@db/x']\n  web: ["

    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml", text)
        await editor.diagnostics(uri)
        assert not [line for line in said(editor) if "hunter2" in line]
        editor.type(uri, text.removesuffix("  web: ["))
        await editor.diagnostics(uri)
        assert not [line for line in said(editor) if "hunter2" in line]
        at = types.HoverParams(types.TextDocumentIdentifier(uri), place(text, "./pg"))
        assert "hunter2" not in str(await editor.text_document_hover_async(at))
        assert not [each for each in await editor.actions(uri) if "hunter2" in each.title]

    edit(project, session)


def test_a_document_in_no_folder_of_the_workspace_is_not_read(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()

    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml")
        editor.type(uri, COMPOSE + "# typed\n")
        assert await editor.actions(uri) == []
        assert editor.published == {}
        assert editor.messages == [
            f"volfix: {project / 'compose.yaml'} is in no folder of the workspace, and volfix reads nothing else: "
            "open its folder"
        ]

    edit(other, session)


def test_a_part_of_a_repository_is_not_checked_alone(project: Path) -> None:
    part = project / "deploy"
    part.mkdir()
    (part / "compose.yaml").write_text(COMPOSE)
    subprocess.run(["git", "init", "-q", str(project)], check=True)

    async def session(editor: Editor) -> None:
        uri = editor.open(part / "compose.yaml")
        assert await editor.actions(uri) == []
        assert (editor.published, len(editor.messages)) == ({}, 1)
        assert editor.messages[0].startswith(f"volfix: {part} is only a part of the repository {project}, and volfix")

    edit(part, session)


def test_nothing_outside_of_the_workspace_is_read(project: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.env").write_text("PGDATA=/elsewhere\n")
    text = COMPOSE + "    env_file: ../outside.env\n"

    async def session(editor: Editor) -> None:
        uri = editor.open(project / "compose.yaml", text)
        (action,) = await editor.actions(uri)
        assert "UNSAFE" in action.title
        assert "lies outside of the repository" in action.title

    edit(project, session)


def test_a_document_without_a_project_has_no_diagnostics(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text("a: [1]\n")

    async def session(editor: Editor) -> None:
        uri = editor.open(tmp_path / "notes.yaml")
        assert await editor.diagnostics(uri) == []
        editor.type(uri, "a: [")
        assert await editor.actions(uri) == []
        assert editor.messages == []

    edit(tmp_path, session)


def test_the_saved_text_counts_once_a_document_is_closed(project: Path) -> None:
    (project / ".env").write_text("TAG=1\n")

    async def session(editor: Editor) -> None:
        uri, other = editor.open(project / "compose.yaml", MOVED), editor.open(project / ".env")
        assert await editor.codes(uri) == []
        editor.close(uri)
        del editor.versions[uri]
        await editor.until(lambda: [each.code for each in editor.published[uri].diagnostics] == ["VF101"])
        editor.close(other)
        await editor.until(lambda: not editor.published[uri].diagnostics)

    edit(project, session)


def test_the_server_ends_with_its_editor(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "volfix", "lsp"], input=b"", capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_without_the_extra_a_line_says_what_to_install() -> None:
    code = "import sys\nsys.modules['pygls'] = None\nfrom volfix.cli.main import main\nmain(['lsp'])\n"
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: volfix lsp needs pygls: pip install 'volfix[lsp]'\n"
