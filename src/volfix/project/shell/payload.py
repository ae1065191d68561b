"""Reads what `sh` and `su` are told to run, and what `echo` and `printf` are told to print."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from volfix.knowledge.commands import option_values
from volfix.project.shell.command import Argument
from volfix.syntax.fragment import Character, Fragment


@dataclass(frozen=True, slots=True)
class Payload:
    """What a program is told to run: a text, a script or words; none of them if it reads its input.

    `arguments` are those of the text or script. `logs_in` says that it starts a login shell.
    """

    text: Argument | None = None
    script: Argument | None = None
    arguments: Sequence[Argument] = ()
    words: list[Argument] = field(default_factory=list)
    logs_in: bool = False


def shell_call(words: Sequence[Argument]) -> Payload:
    """What a shell call runs: `bash -eo pipefail deploy.sh`, `sh -c text name argument`.

    `-o` takes a word even inside a cluster (`-eo`). Source: POSIX, sh; bash manual, 6.1 Invoking Bash.
    """
    values = option_values("shells")
    at, is_text, reads = 1, False, False
    while at < len(words) and words[at].value.startswith(("-", "+")):
        word = words[at].value
        at += 1
        if word in ("-", "--"):
            break
        if word.startswith("--"):
            at += word in values
            continue
        at += sum(f"-{letter}" in values for letter in word[1:])
        is_text = is_text or (word[0] == "-" and "c" in word)
        reads = reads or (word[0] == "-" and "s" in word)
    rest = list(words[at:])
    if not rest or reads:
        return Payload(arguments=rest)
    if is_text:
        return Payload(text=rest[0], arguments=rest[1:])
    return Payload(script=rest[0], arguments=rest[1:])


def user_call(words: Sequence[Argument]) -> Payload:
    """What a call of `su` or `runuser` runs: `su - app -c text`, `runuser -u app -- command`.

    Source: util-linux, su(1) and runuser(1).
    """
    values = option_values("users")
    text: Argument | None = None
    is_named = logs_in = False
    at = 1
    while at < len(words):
        word = words[at].value
        at += 1
        if word == "--":
            break
        if word in ("-", "--login") or re.match(r"-[a-bd-z]*l", word):
            logs_in = True
        name, equals, _ = word.partition("=")
        if re.match(r"--(?:session-)?command\Z|-\w*c\Z", name) and not equals:
            text, at = words[at] if at < len(words) else None, at + 1
        elif word in values:
            is_named = is_named or word in ("-u", "--user")
            at += 1
        elif not word.startswith("-") and is_named:
            at -= 1
            break
    rest = list(words[at:])
    return Payload(text=text, words=rest if is_named else [], logs_in=logs_in)


def together(words: Sequence[Argument]) -> Fragment | None:
    """The words joined by blanks, as `ssh` and `eval` do; None without words or if they are from several files."""
    if not words or any(word.fragment.source is not words[0].fragment.source for word in words):
        return None
    found: list[Character] = []
    for number, word in enumerate(words):
        if number:
            found.append(words[number - 1].blank_before(word))
        found += word.in_file()
    return Fragment.of(words[0].fragment.source, found) if found else None


def echoed(words: Sequence[Argument]) -> Sequence[Argument]:
    """The words that `echo` or `printf` prints; none for another program."""
    name = posixpath.basename(words[0].value) if words else ""
    rest = list(words[1:])
    if name == "echo":
        while rest and re.fullmatch(r"-[neE]+", rest[0].value):
            rest = rest[1:]
        return rest
    if name == "printf" and rest:
        return rest[1:] if rest[0].value.startswith("%s") else rest[:1]
    return []


def said(words: Sequence[Argument]) -> Fragment | None:
    """The text that `echo` or `printf` prints, with its line ends; None for another program."""
    found = echoed(words)
    if not found or any(word.fragment.source is not found[0].fragment.source for word in found):
        return None
    between = "\n" if posixpath.basename(words[0].value) == "printf" else " "
    characters: list[Character] = []
    for word in found:
        for char, start, end in word.in_file():
            if char == "n" and characters and characters[-1][0] == "\\":
                characters[-1] = ("\n", characters[-1][1], end)
            else:
                characters.append((char, start, end))
        _, start, end = characters[-1] if characters else ("", word.place.start, word.place.end)
        characters.append((between, start, end))
    return Fragment.of(found[0].fragment.source, characters)
