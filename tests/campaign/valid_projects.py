"""Projects that Compose takes, put together at random of everything that volfix's model resolves.

Mounts, environment, env files, interpolation, names, profiles, `extends`, `include`, merge tags and YAML merge keys.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

DOTENV = """\
SET=value
EMPTY=
# a comment
SOURCE=./from-env
VOLUME=named
LETTER=v
PORT=0777
REFERS=${SET}/$EMPTY/${UNSET:-none}
LITERAL='a $SET'
DOUBLED="a $SET $$SET"
TARGET=/from/env
OPTION=ro
OUTSIDE=$UNSET
"""
VOLUMES = ("rows", "named", "value", "v2", "a-b", "_under", "0digit", "from.dot")
PLAIN = (
    *("0777", "1.50", "True", "TRUE", "true", "yes", "off", "2020-01-01", "2020-1-2 3:04:05", "2020-01-01T10:00:00Z"),
    *("2020-01-01t10:00:00.50Z", "1e3", "1E5", "1e6", "1e21", "0x1F", "0o17", "1_000", "1:30", "+5", "-0", "-0.0"),
    *(".5", "-.5", "0b11", "1.", "09", "08.5", "0o8", "18446744073709551616", "1e-7", "1e400", "-0x1f", "=", "nULL"),
    *("~", "null", "", "word", "two words", "a:b", "a#b", "sqlite:///./app.db", "!!str 0777", "!!str", "&anchor 5"),
)
TRUTH = ("true", "false", "True", "TRUE", "'${UNSET:-true}'", "'${UNSET:-no}'", "'yes'", '"on"', "'N'", "'false'")
OPTIONS = ("nocopy: true", "subpath: a/b", "nocopy: false, subpath: s", "nocopy: '${UNSET:-true}'", "subpath: $SET")
IMAGES = ("postgres:16", "x/${SET}:1", "${UNSET:-redis}:7", "r.example:5000/a")
WORDS = (
    "word",
    "",
    "a b",
    "x=y",
    "/a/b",
    "./a",
    "a:b",
    "é",
    "'quoted'",
    '"double"',
    "#hash",
    "back\\slash",
    "<<",
    "~",
    "0777",
)


def expression(chance: random.Random, depth: int = 0) -> str:
    """A text that Compose interpolates without a complaint."""
    word = (
        expression(chance, depth + 1)
        if depth < 3 and chance.random() < 0.4
        else chance.choice(("d", "", "a-b", "$$", "x y"))
    )
    name = chance.choice(("SET", "EMPTY", "UNSET", "OUTSIDE", "REFERS", "LITERAL", "DOUBLED", "PORT"))
    forms = [f"${{{name}}}", f"${name}", f"${{{name}:-{word}}}", f"${{{name}-{word}}}", f"${{{name}:+{word}}}"]
    forms += [
        f"${{{name}+{word}}}",
        "$${SET}",
        "$$",
        "${SET:?needed}",
        "${EMPTY?needed}",
        f"a{word}z",
        f"${{SET}}{word}",
    ]
    return chance.choice(forms)


def scalar(chance: random.Random, text: str) -> str:
    """The text as a YAML scalar on one line."""
    if chance.random() < 0.4 and not set("\\\n") & set(text):
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=chance.random() < 0.5)


def value(chance: random.Random) -> str:
    """A value of `environment:` in the mapping form."""
    if chance.random() < 0.4:
        return chance.choice(PLAIN)
    if chance.random() < 0.1:
        return (
            "|-\n        first\n          second $SET"
            if chance.random() < 0.5
            else ">\n        folded\n        ${SET}\n"
        )
    return scalar(chance, chance.choice(WORDS) if chance.random() < 0.3 else expression(chance))


def environment(chance: random.Random, tags: bool) -> list[str]:
    names = chance.sample("ABCDEFGH", chance.randint(1, 6))
    if chance.random() < 0.5:
        tag = chance.choice(("", "", " !override")) if tags else ""
        lines = [f"    environment:{tag}"]
        for name in names:
            reset = tags and chance.random() < 0.15
            lines.append(f"      {name}: {'!reset null' if reset else value(chance)}")
        return lines
    entries = [*(f"{name}={expression(chance)}" for name in names), "I", "J=", "K$EMPTY", "L${SET}=x", "SET", "UNSET"]
    chosen = dict.fromkeys(chance.sample(entries, chance.randint(1, 6)))
    return ["    environment:", *(f"      - {scalar(chance, entry)}" for entry in chosen)]


def source(chance: random.Random) -> str:
    paths = ("./data", "../up", ".", "..", "/srv/rows", "/", "~/rows", "./a//b/../c", "./sp ace", "/srv/")
    put = (
        "$SOURCE",
        "${SOURCE}/deep",
        "${UNSET:-./default}",
        "${UNSET:-rows}",
        "$VOLUME",
        "${SET}",
        "./${UNSET}x",
        "./$SET",
    )
    more = (
        "${EMPTY}rows",
        "${EMPTY:-/srv}/x",
        "${SET:+rows}",
        "${LETTER}2",
        "$PWD/here",
        "${PWD}/$SET",
        "${UNSET-rows}",
    )
    return chance.choice((*paths, *put, *more, *VOLUMES))


def target(chance: random.Random, number: int) -> str:
    base = f"/t{number}"
    others = (
        f"{base}/",
        f"/{base}",
        f"/x/..{base}",
        f"{base}/./a",
        f"{base}${{UNSET:-/d}}",
        f"$TARGET{base}",
        f"/${{SET}}{base}",
    )
    return base if chance.random() < 0.7 else chance.choice(others)


def short_mount(chance: random.Random, number: int) -> str:
    where = target(chance, number)
    if chance.random() < 0.1:
        return where
    options = (
        "ro",
        "rw",
        "z",
        "ro,Z",
        "nocopy",
        "ro,nocopy",
        "cached",
        "rw,z",
        "rprivate",
        "$OPTION",
        "${UNSET:-ro}",
        "z,ro,rw",
    )
    return f"{source(chance)}:{where}" + (f":{chance.choice(options)}" if chance.random() < 0.4 else "")


def long_mount(chance: random.Random, number: int) -> str:
    kind = chance.choice(("bind", "volume", "volume", "tmpfs", "anonymous"))
    parts = [f"type: {'volume' if kind == 'anonymous' else kind}"]
    sources = {
        "bind": ("./data", "/srv/rows", "$SOURCE", "~/x", "../up", "${UNSET:-./d}", "bare"),
        "volume": (*VOLUMES, "$VOLUME", "${UNSET:-rows}", "${SET}"),
    }
    if kind in sources:
        parts.append(f"source: {scalar(chance, chance.choice(sources[kind]))}")
    parts.append(f"target: {scalar(chance, target(chance, number))}")
    if chance.random() < 0.4:
        parts.append(f"read_only: {chance.choice(TRUTH)}")
    if kind == "volume" and chance.random() < 0.3:
        parts.append(f"volume: {{{chance.choice(OPTIONS)}}}")
    return "{" + ", ".join(parts) + "}"


def mounts(chance: random.Random, tags: bool) -> list[str]:
    tag = chance.choice(("", "", "", " !override")) if tags else ""
    numbers = chance.sample(range(5), chance.randint(1, 4))
    lines = [f"    volumes:{tag}"]
    for number in numbers:
        is_short = chance.random() < 0.7
        lines.append(
            f"      - {scalar(chance, short_mount(chance, number)) if is_short else long_mount(chance, number)}"
        )
    return lines


def env_lines(chance: random.Random) -> str:
    choices: tuple[Callable[[str], str], ...] = (
        lambda name: f"{name}=plain",
        lambda name: f"export {name}=exported",
        lambda name: f"{name}={expression(chance)}",
        lambda name: f'{name}="{expression(chance)}"',
        lambda name: f"{name}='{expression(chance)}'",
        lambda name: f"{name}=value # comment",
        lambda name: f"{name} = spaced ",
        lambda name: f"{name}=",
        lambda name: f"{name}: colon",
        lambda name: f'{name}="two\nlines"',
        lambda name: f"{name}='it is'  # comment",
        lambda name: f"{name}=a#b",
        lambda name: f'{name}="esc\\n\\t\\"x\\\\"',
        lambda name: f"{name}=$A${{B:-b}}",
        lambda name: name,
    )
    lines = ["# variables", ""]
    lines += [chance.choice(choices)(chance.choice("ABCDEFGHMN")) for _ in range(chance.randint(1, 6))]
    return "\n".join(lines) + "\n" * chance.randint(0, 2)


def env_files(chance: random.Random) -> list[str]:
    one, other = chance.sample(("a.env", "b.env", "sub/c.env"), 2)
    return chance.choice(
        (
            [f"    env_file: {one}"],
            [f"    env_file: [{one}, {other}]"],
            ["    env_file:", f"      - path: {one}", f"      - {other}"],
            ["    env_file:", "      - {path: missing.env, required: false}", f"      - ./{one}"],
            ["    env_file:", "      - {path: raw.env, format: raw}"],
            [f"    env_file: ${{UNSET:-{one}}}"],
        )
    )


def service(chance: random.Random, name: str, *, tags: bool = False, extends: str | None = None) -> list[str]:
    """A service; with `tags` a part of one, which an override merges into the other."""
    lines = [f"  {name}:"]
    if extends:
        lines.append(f"    extends: {extends}")
    elif not tags or chance.random() < 0.2:
        lines.append(f"    image: {scalar(chance, chance.choice(IMAGES))}")
    if chance.random() < 0.15:
        lines.append(f"    <<: {chance.choice(('*common', '[*common, *other]', '[*other, *common]'))}")
    for part in (environment, mounts):
        if tags and chance.random() < 0.1:
            lines.append(f"    {'environment' if part is environment else 'volumes'}: !reset null")
        elif chance.random() < 0.7:
            lines += part(chance, tags)
    if chance.random() < 0.35:
        lines += env_files(chance)
    if chance.random() < 0.3:
        lines.append(f"    profiles: [{chance.choice(('one', 'one, two', 'two'))}]")
    if chance.random() < 0.3:
        commands = ("serve --port 1", "'sh -c \"echo $SET\"'", "[serve, '$SET', '${UNSET:-x y}']", "'a  b'", "[]")
        lines.append(f"    {chance.choice(('command', 'entrypoint'))}: {chance.choice(commands)}")
    return lines if len(lines) > 1 else [*lines, "    init: true"]


COMMON = [
    "x-common: &common",
    "  environment: {A: common, Z: 0777}",
    "  volumes: ['rows:/t9', './common:/t8']",
    "x-other: &other",
    "  environment: &variables {B: other}",
    "  volumes: [rows:/t7:ro]",
]


def declared(chance: random.Random) -> list[str]:
    lines = ["volumes:"]
    for name in VOLUMES:
        entry = chance.choice(
            (
                "",
                "",
                " {driver: local}",
                f" {{name: '{name}-${{SET}}'}}",
                " {external: true}",
                f" {{external: true, name: outer-{name}}}",
                " {external: '${UNSET:-false}'}",
            )
        )
        lines.append(f"  {name}:{entry}")
    return lines


def laid(chance: random.Random, directory: Path) -> tuple[str, ...]:
    """A project's files in `directory`; the names of those that Compose is called with, in order."""

    def file(name: str, lines: list[str]) -> None:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    name = chance.choice((None, None, "fixed", "${SET}-x", "a_b", "${UNSET:-c}"))
    given = chance.choice(("", "", "COMPOSE_PROJECT_NAME=given\n"))
    (directory / ".env").write_text(DOTENV + given)
    (directory / "sub").mkdir()
    (directory / "raw.env").write_text("A=a $SET\nB='quoted' # no comment\n#C=1\n\nD=\n")
    (directory / "sub/raw.env").write_text("A=other\nE=$$\n")
    for env in ("a.env", "b.env", "sub/c.env", "sub/a.env", "sub/b.env", "sub/sub/c.env"):
        (directory / env).parent.mkdir(exist_ok=True)
        (directory / env).write_text(env_lines(chance))
    names = [f"s{number}" for number in range(chance.randint(2, 6))]
    lines = [f"name: '{name}'"] if name else []
    includes = []
    if chance.random() < 0.25:
        file("sub/included.yaml", [*COMMON, "services:", *service(chance, "included"), *declared_alike()])
        if chance.random() < 0.5:
            (directory / "sub/.env").write_text("SET=inner\nONLY=inner\nSOURCE=./inner\n")
        includes = chance.choice(
            (
                ["include: [sub/included.yaml]"],
                ["include:", "  - path: sub/included.yaml"],
                ["include:", "  - {path: [sub/included.yaml], project_directory: .}"],
                ["include:", "  - {path: sub/included.yaml, env_file: sub/e.env}"],
            )
        )
        file("sub/e.env", ["SET=third", "SOURCE=./third"])
    body = [line for name in names for line in service(chance, name)]
    if chance.random() < 0.4:
        file(
            "sub/base.yaml",
            [*COMMON, "services:", *service(chance, "base"), *service(chance, "deep", extends="{service: base}")],
        )
        extends = chance.choice(
            ("{file: sub/base.yaml, service: base}", "{file: sub/base.yaml, service: deep}", "s0", "{service: s1}")
        )
        body += service(chance, "extending", extends=extends)
    top = declared(chance)
    file("compose.yaml", [*lines, *includes, *COMMON, "services:", *body, *top])
    if chance.random() < 0.5:
        changed = [line for name in chance.sample(names, 2) for line in service(chance, name, tags=True)]
        file("compose.override.yaml", [*COMMON, "services:", *changed])
        return "compose.yaml", "compose.override.yaml"
    return ("compose.yaml",)


def declared_alike() -> list[str]:
    return []
