"""Finds which paths a command deletes, and what it leaves out.

Sources: POSIX rm; git, git-clean; rsync(1), FILTER RULES.
"""

from __future__ import annotations

import fnmatch
import itertools
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volfix.knowledge.commands import DOCKER, DockerCall, docker_call, skip_options
from volfix.knowledge.paths import meet
from volfix.project.shell.command import Command
from volfix.project.shell.paths import below, joined

RSYNC_VALUES = frozenset(
    {
        *("-e", "--rsh", "--exclude", "--include", "--exclude-from", "--include-from", "-f", "--filter", "--chmod"),
        *(
            "--chown",
            "--rsync-path",
            "--out-format",
            "--log-file",
            "--timeout",
            "--port",
            "-T",
            "--temp-dir",
            "--bwlimit",
        ),
        *("--files-from", "--password-file", "--backup-dir", "--compare-dest", "--link-dest", "--info", "--max-size"),
    }
)
GIT_VALUES = frozenset({"-C", "-c", "--git-dir", "--work-tree"})
FIND_RUNS = frozenset({"-exec", "-execdir"})
FIND_TESTS = frozenset(
    {
        *("-name", "-iname", "-path", "-wholename", "-regex", "-mtime", "-mmin", "-atime", "-ctime", "-newer", "-size"),
        *("-empty", "-user", "-perm", "!", "-not", "-prune"),
    }
)
"""Tests of `find` that may exclude files from deletion."""
RUNS = frozenset({(DOCKER, "run"), (DOCKER, "container run")})
IN_CONTAINER = re.compile(r"\brm\s+(?:-\S+\s+)*(?:-\w*[rR]|--recursive)|\bfind\b.*(?:-delete\b|\brm\b)")
HOST = re.compile(r"(?:[^/:\s]+@)?[^/:\s]+:")


@dataclass(frozen=True, slots=True)
class DeletedPath:
    """A path that a command deletes with everything below it; the last part of `path` may be a pattern.

    `kept` are patterns that are not deleted. `source` is the copied directory, for a copy that deletes (rsync).
    `only_untracked` says that files ignored by git are not deleted. `is_remote` says that the path is on another
    machine than the command. `partly` says that the command deletes only files that pass a test.
    """

    verb: str
    path: str
    in_checkout: bool
    kept: tuple[str, ...] = ()
    source: str | None = None
    only_untracked: bool = False
    is_remote: bool = False
    partly: bool = False


def deleted_paths(command: Command) -> Iterator[DeletedPath]:
    """The paths that a command deletes; none if it deletes no directories.

    In the container of a pipeline's step only paths that are mounted from the host count.
    """
    mounted = None if command.is_remote else command.start.mounted
    for deleted in _all_deleted(command):
        if mounted is None or deleted.is_remote or any(meet(deleted.path, place) for place in mounted):
            yield deleted


def _all_deleted(command: Command) -> Iterator[DeletedPath]:
    name = posixpath.basename(command.values[0])
    if name == "rm":
        yield from _rm(command)
    elif name == "git":
        yield from git_cleans(command.values[1:], command.directory, in_checkout=command.in_checkout)
    elif name == "rsync":
        yield from _rsync(command)
    elif name == "find":
        yield from _find(command)
    elif (call := docker_call(command.values)) is not None:
        yield from _in_container(command, call)


def _rm(command: Command) -> Iterator[DeletedPath]:
    options, paths = _split(command.values[1:], frozenset())
    if any(option == "--recursive" or re.match(r"-\w*[rR]", option) for option, _ in options):
        for path in paths:
            yield DeletedPath("rm -r", joined(command.directory, path), command.in_checkout)


def _find(command: Command) -> Iterator[DeletedPath]:
    """The paths of `find PLACE -delete`, `find PLACE -exec rm {} +`. Source: POSIX, find; GNU findutils manual."""
    words = command.values[1:]
    places = list(itertools.takewhile(lambda word: word[:1] not in ("-", "(", "!", "\\"), words))
    ran = [program for word, program in itertools.pairwise(words) if word in FIND_RUNS]
    if "-delete" in words or any(posixpath.basename(word) in ("rm", "shred") for word in ran):
        for place in places or ["."]:
            yield DeletedPath(
                "find", joined(command.directory, place), command.in_checkout, partly=bool(FIND_TESTS & {*words})
            )


def _in_container(command: Command, call: DockerCall) -> Iterator[DeletedPath]:
    """The host paths that a container's command deletes: `docker run -v /srv/data:/v IMAGE rm -rf /v/old`.

    They are on the daemon's machine, wherever the command itself runs.
    """
    words = command.values[call.word + 1 :] if (call.program, call.verb) in RUNS else []
    script = " ".join(words)
    for source, target in _host_mounts(words) if IN_CONTAINER.search(script) else ():
        for found in re.finditer(rf"(?<![\w./:=-]){re.escape(target.rstrip('/'))}(/[^\s;&|'\"]*)?(?![\w.:-])", script):
            path = joined(command.directory, source + (found[1] or ""))
            yield DeletedPath("rm -r", path, command.in_checkout, is_remote=True)


def _host_mounts(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The host directories that `docker run` mounts, each with its target."""
    for option, following in itertools.pairwise(words):
        name, equals, value = option.partition("=")
        value = value if equals else following
        if name in ("-v", "--volume"):
            source, _, rest = value.partition(":")
            target = rest.partition(":")[0]
        elif name == "--mount":
            options = dict(part.partition("=")[::2] for part in value.split(","))
            source = options.get("source") or options.get("src") or ""
            target = options.get("target") or options.get("dst") or options.get("destination") or ""
        else:
            continue
        if source.startswith(("/", ".", "~")) and target.strip("/"):
            yield source, target


def git_cleans(words: Sequence[str], directory: str, *, in_checkout: bool) -> Iterator[DeletedPath]:
    """The paths that `git` with these words (without `git` itself) deletes in `directory`; none but for `git clean`."""
    at = skip_options(words, 0, GIT_VALUES)
    if at >= len(words) or words[at] != "clean":
        return
    for number, word in enumerate(words[:at]):
        if word == "-C" and number + 1 < at:
            directory = joined(directory, words[number + 1])
    options, paths = _split(words[at + 1 :], frozenset({"-e", "--exclude"}))
    letters = "".join(option.lstrip("-") for option, _ in options if not option.startswith("--"))
    forced = "f" in letters or any(option == "--force" for option, _ in options)
    if forced and "d" in letters and "n" not in letters:
        kept = tuple(value for _, value in options if value)  # only `-e` takes a value
        untracked = not re.search("[xX]", letters)
        for path in paths or ["."]:
            yield DeletedPath("git clean", joined(directory, path), in_checkout, kept, only_untracked=untracked)


def _rsync(command: Command) -> Iterator[DeletedPath]:
    options, paths = _split(command.values[1:], RSYNC_VALUES)
    names = {option for option, _ in options}
    deletes = any(name == "--del" or name.startswith("--delete") for name in names)
    tries = any(re.match(r"-\w*n|--dry-run", name) for name in names)
    if not deletes or tries or len(paths) < 2 or names & {"--exclude-from", "--files-from"}:
        return
    kept: list[str] = []
    for option, value in options:
        if value and option == "--exclude":
            kept.append(value)
        elif value and option in ("-f", "--filter") and re.match(r"(?:-|P|exclude|protect)[ ,_]", value):
            kept.append(re.split(r"[ ,_]", value, maxsplit=1)[1])
    if "--delete-excluded" in names:
        kept = []
    target = paths[-1]
    remote = HOST.match(target)
    place = joined("~" if remote else command.directory, target[remote.end() :] if remote else target)
    for path in paths[:-1]:
        if HOST.match(path):
            continue
        source = joined(command.directory, path)
        whole = posixpath.basename(path) in (".", "")
        reached = place if whole else f"{place}/{posixpath.basename(source)}"
        yield DeletedPath(
            "rsync --delete",
            reached,
            command.in_checkout and not remote,
            tuple(kept),
            source,
            is_remote=remote is not None,
        )


def _split(words: Sequence[str], values: frozenset[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options with their values, and the other words; `values` are the options that take a value."""
    options: list[tuple[str, str]] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        name, equals, value = word.partition("=")
        if word == "--":
            rest += words[at + 1 :]
            break
        if not word.startswith("-") or word == "-":
            rest.append(word)
        elif equals and word.startswith("--"):
            options.append((name, value))
        elif word in values and at + 1 < len(words):
            options.append((word, words[at + 1]))
            at += 1
        else:
            options.append((word, ""))
        at += 1
    return options, rest


def covers(pattern: str, path: str) -> bool:
    """Whether deleting what `pattern` matches deletes the directory `path` or everything in it."""
    wanted, parts = pattern.strip("/").split("/"), path.strip("/").split("/")
    if pattern.startswith("/") != path.startswith("/"):
        return False
    if len(wanted) == len(parts) + 1 and set(wanted[-1]) <= set("*.") and "*" in wanted[-1]:
        wanted = wanted[:-1]
    if len(wanted) > len(parts) or wanted in ([""], ["."]):
        return False
    return all(fnmatch.fnmatchcase(part, _literal(want)) for want, part in zip(wanted, parts, strict=False))


def _literal(part: str) -> str:
    """A part of a path as a pattern for fnmatch; a part with a `$` matches only itself."""
    return part.replace("[", "[[]") if "$" in part else part


def is_kept(relative: str, patterns: Sequence[str]) -> bool:
    """Whether one of rsync's or git's patterns excludes the directory `relative` (to where the command works)."""
    parts = relative.split("/")
    for pattern in patterns:
        text = re.sub(r"/\*{1,3}\Z", "", pattern.rstrip("/")) if pattern != "/" else ""
        anchored = text.startswith("/")
        wanted = text.strip("/").split("/")
        starts = [0] if anchored else range(len(parts))
        for start in starts:
            some = parts[start : start + len(wanted)]
            if len(some) == len(wanted) and all(map(fnmatch.fnmatchcase, some, wanted)):
                # `storage/*` excludes everything in storage; `storage/logs/*` does not exclude the rest of storage
                return True
    return False


def relative_to(path: str, directory: str) -> str | None:
    """Like `below`, but None for the directory itself."""
    found = below(path, directory)
    return None if found == "." else found
