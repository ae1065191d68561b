"""Finds what may replace a literal at run time: other settings, env files, variables. The literal is then uncertain.

Sources: django/django (settings), pallets/flask (config.from_*), theskumar/python-dotenv, pydantic/pydantic-settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.code.deployed_code import DeployedCode
from volfix.project.compose.model import Project
from volfix.project.compose.unreferenced_env_files import names_assigned

if TYPE_CHECKING:
    from volfix.project.code.named_database import NamedDatabase

READS_ENV_FILE = re.compile(
    rb"load_dotenv|dotenv_values|read_env\(|env_file['\"]?\s*[=:]|secrets_dir|from\s+decouple|\bConfig\(\s*['\"]\.env"
)
"""Code that itself reads an env file or secrets."""
LOADS_SETTINGS = re.compile(rb"\.from_(?:prefixed_env|envvar|pyfile|file|json)\(")
"""Flask's calls that load settings from another place."""
FROM_ELSEWHERE = re.compile(r"(?m)^[ \t]*(?:from\s+\S+\s+import\s+\*|exec\(|include\(|\w+\.config\.from_object\()")
CHANGES_DIRECTORY = re.compile(rb"\b(?:os|contextlib)\.chdir\(")
CHDIR = re.compile(rb"\b(?:process\.chdir|os\.Chdir|Deno\.chdir)\(")
LOADS_ENV_FILE = re.compile(rb"\b(?:dotenv|godotenv|dotenvx|loadEnvFile|envconfig|viper)\b")
OPENS_SERVER = re.compile(
    rb"""(?:\bOpen\(|client:|dialect:|type:)\s*["'](?:postgres(?:ql)?|pgx?|mysql2?|mariadb|mssql)["']"""
    rb"""|\b(?:postgres|mysql)\.Open\("""
)
SERVER = re.compile(
    rb"(?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|mongodb)(?:\+\w+)?://|backends\.(?:postgres|mysql|oracle)"
)


def other_source(code: DeployedCode, project: Project, named: NamedDatabase) -> str | None:
    """Why the code may use another value than the literal of `named`; None if volfix sees no reason."""
    return next(_reasons(code, project, named), None)


def _reasons(code: DeployedCode, project: Project, named: NamedDatabase) -> Iterator[str]:
    yield from _set_again(code, named)
    text, behind = named.source.text, max(piece.span.end for piece in named.value.pieces if piece.span)
    if named.settings and (found := FROM_ELSEWHERE.search(text, behind)):
        yield f"{named.source.path.name}, line {named.source.place(found.start())[0]}, loads other settings"
    if named.in_settings and (path := next(code.having(LOADS_SETTINGS, b".from_"), None)):
        yield f"{_shown(code, path)} loads other settings"
    if named.value.variables and not _known(project, named):
        words = (b"dotenv", b"read_env", b"env_file", b"secrets_dir", b"decouple", b".env")
        for path in code.having(READS_ENV_FILE, *words):
            yield f"{_shown(code, path)} reads an env file that is not in the repository, which may set the variable"
    for path in code.having(SERVER, b"://", b"backends."):
        yield f"{_shown(code, path)} also names a server database"
    for path in code.naming(re.compile(rb"\b%s\b" % named.constant.encode()), named.constant) if named.constant else ():
        if path != named.source.path:
            yield f"{_shown(code, path)} also uses {named.constant}"


def _set_again(code: DeployedCode, named: NamedDatabase) -> Iterator[str]:
    own = named.source.path
    for name in sorted(named.settings):
        places = list(code.naming(_assignment(name), name))
        if places.count(own) > 1:
            yield f"{own.name} sets {name} in more than one place"
        yield from (f"{_shown(code, path)} also sets {name}" for path in places if path != own)
    for name in sorted(named.value.names - named.settings):
        pattern = re.compile(rb"\.%s[ \t]*=(?!=)" % re.escape(name.encode()))
        yield from (f"{_shown(code, path)} also sets {name}" for path in code.naming(pattern, name))
    for name in sorted(named.value.variables):
        yield from exporters(code, name)


def exporters(code: DeployedCode, name: str) -> Iterator[str]:
    """For each module or start script that sets the environment variable `name`: a reason to doubt its value."""
    key = re.escape(name.encode())
    in_code = re.compile(
        rb"environ\[[\"']%(key)s[\"']\][ \t]*=(?!=)|(?:setdefault|putenv)\(\s*[\"']%(key)s[\"']"
        rb"|environ\.update\([^)]*\b%(key)s\b" % {b"key": key}
    )
    in_script = re.compile(rb"(?<![\w-])%s=(?=[^=\s])" % key)
    for path in (*code.naming(in_code, name), *code.starters_naming(in_script, name)):
        yield f"{_shown(code, path)} sets {name}"


def _known(project: Project, named: NamedDatabase) -> bool:
    """Whether env files of the repository, examples included, set other variables: they then show what is set."""
    return bool(names_assigned(project) - named.value.variables)


def _assignment(name: str) -> re.Pattern[bytes]:
    """A pattern for code that sets `name` to a new value, not to a value of the same name from another place."""
    key = re.escape(name.encode())
    value = rb"(?!=)(?![ \t]*[\w.()]*\b%s\b)" % key
    return re.compile(
        rb"(?m)(?<![\w-])%(key)s(?:[ \t]*:[ \t]*[\w.\[\], |\"']+)?[ \t]*=%(value)s"
        rb"|\b%(key)s[ \t]*(?:\[[^\]\n]*\])+[ \t]*(?:=%(value)s|\.update\()|\b%(key)s[ \t]*\.update\("
        rb"|[\"']%(key)s[\"'][ \t]*\][ \t]*=%(value)s|[\"']%(key)s[\"'][ \t]*:%(value)s"
        rb"|setattr\([^\n]*?[\"']%(key)s[\"']" % {b"key": key, b"value": value}
    )


def moves_about(code: DeployedCode) -> str | None:
    """The module that changes the working directory, as a reason to doubt relative paths; None if there is none."""
    programs = (path for path, data in code.programs.items() if CHDIR.search(data))
    path = next(chain(code.having(CHANGES_DIRECTORY, b"chdir("), programs), None)
    return f"{_shown(code, path)} changes the working directory" if path else None


def other_program_source(code: DeployedCode, named: NamedDatabase) -> str | None:
    """Like `other_source`, for a literal in Go, JavaScript or TypeScript."""
    return next(_program_reasons(code, named), None)


def _program_reasons(code: DeployedCode, named: NamedDatabase) -> Iterator[str]:
    for path, data in code.programs.items():
        if named.value.variables and LOADS_ENV_FILE.search(data):
            yield f"{_shown(code, path)} reads an env file, which may set {' or '.join(sorted(named.value.variables))}"
        if SERVER.search(data) or OPENS_SERVER.search(data):
            yield f"{_shown(code, path)} also names a server database"
    if named.constant:
        uses = re.compile(rb"\b%s\b" % re.escape(named.constant.encode()))
        if sum(len(uses.findall(data)) for data in code.programs.values()) > 2:
            yield f"the code also uses {named.constant} elsewhere"


def is_joined(code: DeployedCode, name: str) -> bool:
    """Whether the code joins the constant `name` to a directory, so that it is only part of a path."""
    key = rb"(?:[\w.]+\.)?\b%s\b" % re.escape(name.encode())
    joined = re.compile(
        rb"(?:\bjoin|Path)\([^)\n]+,\s*%(key)s|joinpath\([^)\n]*%(key)s|/[ \t]*%(key)s|\+[ \t]*%(key)s|[^/:]/\{%(key)s"
        % {b"key": key}
    )
    return next(code.naming(joined, name), None) is not None


def _shown(code: DeployedCode, path: Path) -> str:
    return path.relative_to(code.directory).as_posix()
