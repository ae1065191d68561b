"""The way through the house: imports run down the design's list, what few projects need is imported when needed, and
nothing stands in it that nothing uses.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from vulture import Vulture

import volfix

PACKAGE = Path(volfix.__file__).parent
MAY_IMPORT = {
    "cli": {
        *("api", "lsp", "bulk", "docker", "report", "fixes"),
        *("configuration", "rules", "project", "knowledge", "syntax"),
    },
    "api": {"fixes", "configuration", "rules", "project", "syntax"},
    "lsp": {"api", "report", "fixes", "configuration", "rules", "project", "syntax"},
    "bulk": {"api", "fixes", "configuration", "rules", "project", "knowledge", "syntax"},
    "docker": {"fixes", "configuration", "rules", "project", "knowledge", "syntax"},
    "report": {"bulk", "fixes", "rules", "project", "syntax"},
    "configuration": {"rules", "knowledge", "syntax"},
    "fixes": {"configuration", "rules", "project", "edits", "knowledge", "syntax"},
    "rules": {"project", "edits", "knowledge", "syntax"},
    "edits": {"syntax"},
    "project": {"knowledge", "syntax"},
    "knowledge": {"syntax"},
    "syntax": {"knowledge"},
}
HEAVY = (
    *("libcst", "deepdiff", "tree_sitter", "docker", "jinja2", "distributed", "sqlite3", "concurrent.futures"),
    *("volfix.project.shell.command", "volfix.project.deployments.env_copies", "volfix.project.git_ignore"),
    *("volfix.knowledge.commands", "volfix.fixes.deletions", "volfix.fixes.after_write", "volfix.fixes.proof.proven"),
    *("volfix.rules.findings", "volfix.rules.vf101", "volfix.fixes.former", "volfix.fixes.write.journal"),
    *("asyncio", "pygls", "lsprotocol"),
)
OPENS = frozenset(
    {"open", "fdopen", "read_text", "read_bytes", "iterdir", "glob", "rglob", "walk", "scandir", "listdir"}
)
"""Functions and methods that open a file or look into a directory."""
OPEN_OTHER_FILES = {
    "syntax/disk.py": "every file of a repository is opened here",
    "fixes/write/": "the writer and its journal work through descriptors of directories, with checks of their own",
    "bulk/state_file.py": "the state of a run, a file of volfix's own",
    "bulk/checkout.py": "the files of a commit, as it lays them down",
    "bulk/run.py": "the patches that a run leaves",
    "bulk/sources.py": "the list of repositories that a person names, and the directories that hold them",
    "docker/contexts.py": "the settings of the person's own Docker",
    "docker/local_files.py": "the files of a volume, which are rows and belong to no repository",
    "docker/sqlite_files.py": "copies of rows in a directory of volfix's own",
    "knowledge/": "volfix's own tables",
    "rules/registry.py": "volfix's own rules",
    "report/estate/": "the page that volfix writes, and its own template",
    "cli/": "what a person names on the command line, beside the repositories",
}
"""The modules that open files themselves, with the files that these are."""
CALLED_FROM_OUTSIDE = {
    "diff": "who uses the Python interface",
    "__getattr__": "Python asks a module's for the names that the module does not have",
    "list_commands": "click asks a group",
    "format_options": "click asks a group",
    "text_factory": "sqlite3 reads it of a connection",
    "persistent_id": "pickle asks who writes",
    "persistent_load": "pickle asks who reads",
    "commenters": "shlex reads it of a lexer",
    "whitespace": "shlex reads it of a lexer",
    "whitespace_split": "shlex reads it of a lexer",
    **dict.fromkeys(("SOURCE", "TARGET", "MARK", "MARK_SUFFIX", "MOVED", "TOOLS"), "who writes a carry service"),
}
"""Names that volfix itself never uses, with who does."""


def imports(path: Path) -> Iterator[str]:
    """The parts of volfix that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        else:
            continue
        yield from (parts[1] for name in names if (parts := name.split("."))[0] == "volfix" and len(parts) > 1)


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_imports_run_down_the_list_only(part: str) -> None:
    files = sorted((PACKAGE / part).rglob("*.py")) or [path for path in (PACKAGE / f"{part}.py",) if path.exists()]
    parts = set(MAY_IMPORT) - {part}
    upward = {
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in files
        for name in imports(file)
        if name in parts and name not in MAY_IMPORT[part]
    }
    assert not upward


def imported(project: Path, *names: str, status: int) -> list[str]:
    """Those of the modules `names` that a dry run over the project imports."""
    code = (
        "import sys\nfrom volfix.cli.main import main\n"
        "try:\n    main(['--dry-run', sys.argv[1]])\n"
        f"except SystemExit as end:\n    assert end.code == {status}, end.code\n"
        f"print('imported:', *(name for name in {names!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(project)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()[1:]


def test_a_project_with_nothing_to_fix_imports_none_of_what_changes_or_carries(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  db:\n    image: mysql:8.4\n    volumes: ['db-data:/var/lib/mysql']\n"
        "volumes:\n  db-data:\n    driver: local\n"
    )
    assert not imported(tmp_path, *HEAVY, status=0)


def test_a_fix_that_the_proof_accepts_imports_none_of_what_tells_why_a_proof_fails(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  db:\n    image: mysql:8.4\n    volumes: ['./db:/var/lib/mysql']\n"
    )
    assert imported(tmp_path, "volfix.fixes.proof.proof", "deepdiff", "asyncio", status=1) == [
        "volfix.fixes.proof.proof"
    ]


def module_graph() -> dict[str, set[str]]:
    """For each module of volfix those that it imports; also within functions, which hide a circle and do not end it."""
    files = {path: path.relative_to(PACKAGE.parent).with_suffix("").parts for path in PACKAGE.rglob("*.py")}
    paths = {".".join(parts).removesuffix(".__init__"): path for path, parts in files.items()}
    graph: dict[str, set[str]] = {}
    for name, path in paths.items():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        froms = [(node.module, one.name) for node in nodes if isinstance(node, ast.ImportFrom) for one in node.names]
        whole = [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
        named = [f"{module}.{one}" if f"{module}.{one}" in paths else str(module) for module, one in froms]
        graph[name] = {each for each in (*named, *whole) if each in paths}
    return graph


def test_no_module_imports_itself_through_others() -> None:
    try:
        TopologicalSorter(module_graph()).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' <- '.join(error.args[1])}")


def opening(text: str) -> Iterator[str]:
    """The places in a module's text that name what opens a file or looks into a directory, called there or not."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "io", "pathlib", "glob"):
            yield from (f"{node.lineno}: {each.name}" for each in node.names if each.name in OPENS)
        elif isinstance(node, ast.Name) and node.id == "open":
            yield f"{node.lineno}: open"
        elif isinstance(node, ast.Attribute) and node.attr in OPENS and ast.unparse(node.value) not in ("ast", "disk"):
            yield f"{node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize(
    "text",
    [
        "open('x')",
        "os.open('x', 0)",
        "list(map(open, names))",
        "Path('x').read_bytes()",
        "path.open('rb')",
        "from os import scandir",
        "for entry in os.scandir(x): pass",
        "import os as system\nsystem.walk(x)",
        "read = path.read_text",
    ],
)
def test_a_call_that_opens_a_file_is_seen(text: str) -> None:
    assert list(opening(text))


def test_files_of_a_repository_are_opened_in_one_module() -> None:
    names = {path: path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))}
    found = {
        f"{name}:{call}"
        for path, name in names.items()
        if not name.startswith(tuple(OPEN_OTHER_FILES))
        for call in opening(path.read_text(encoding="utf-8"))
    }
    assert not found


def test_nothing_of_ours_runs_while_python_drops_an_object() -> None:
    """A Ctrl-C that comes meanwhile is printed and lost, and volfix goes on."""
    own = ("WeakKeyDictionary", "WeakValueDictionary", "WeakSet", "weakref.finalize", "def __del__")
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    assert [(name, word) for name, text in texts.items() for word in own if word in text] == []


def test_what_a_command_says_of_foreign_origin_is_printed_by_one_function() -> None:
    """`tell` shows no secret and nothing that a terminal obeys; progress, versions and a rule's text have neither."""
    own = {"bulk_progress.py", "carry_shown.py", "fix.py", "main.py", "asking.py"}
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted((PACKAGE / "cli").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "click.echo" and path.name not in own
        if isinstance(node.args[0], ast.JoinedStr) or ast.unparse(node.args[0]).startswith("str(")
    ]
    assert not found


def test_each_module_that_opens_files_itself_still_does() -> None:
    for place in OPEN_OTHER_FILES:
        paths = sorted((PACKAGE / place).rglob("*.py")) or [PACKAGE / place]
        assert any(list(opening(path.read_text(encoding="utf-8"))) for path in paths), place


STARTS = re.compile(
    r"^\s*(?:import|from) (?:subprocess|pty|pexpect)\b|\bos\.(?:system|popen|exec\w+|spawn\w+|posix_spawn\w*)\b"
    r"|create_subprocess|\[[\"']git[\"'],",
    re.MULTILINE,
)
"""What starts another program, or names git as one."""


@pytest.mark.parametrize(
    "text", ["import subprocess", "    from subprocess import run", "os.system('x')", "os.execvp(a, b)", "['git', 'x']"]
)
def test_a_call_that_starts_a_program_is_seen(text: str) -> None:
    assert STARTS.search(text)


def test_programs_are_started_in_one_module_and_git_is_called_in_one() -> None:
    names = {path: path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))}
    found = {
        f"{name}: {call[0].strip()}"
        for path, name in names.items()
        if not name.startswith("knowledge/")
        for call in STARTS.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == {"project/children.py: import subprocess", 'project/git_call.py: ["git",'}


def test_no_rule_is_imported_by_its_name() -> None:
    named = {
        f"{module} imports {each}"
        for module, imported in module_graph().items()
        for each in imported
        if re.fullmatch(r"volfix\.rules\.vf\d+", each)
    }
    assert not named


def test_evidence_knows_no_remedy() -> None:
    upward = {
        f"{module} imports {each}"
        for module, imported in module_graph().items()
        for each in imported
        if module.startswith("volfix.rules.evidence.") and each.startswith("volfix.rules.remedies.")
    }
    assert not upward


def test_nothing_is_defined_that_nothing_uses() -> None:
    code = Vulture()
    code.scavenge([PACKAGE])
    unused = {item.name: f"{item.filename}:{item.first_lineno}" for item in code.get_unused_code(min_confidence=60)}
    assert not {name: place for name, place in unused.items() if name not in CALLED_FROM_OUTSIDE}
