"""The values of a file that are secret for where they stand, by the kind of file: environment values above all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.fixes.masking.credentials import SHORT_FLAGS, is_credential
from volfix.syntax.source import FileProblem, Source, Span
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, is_merge_key, parse, resolved
from volfix.syntax.yaml_tree import Sequence as Items

SECTIONS = frozenset({"environment", "args", "build_args", "build-args", "env", "variables", "content"})
"""Keys whose values are secret, whatever the values are called."""
NAMES = frozenset({"services", "volumes", "networks", "configs", "secrets"})
"""Sections whose keys are names that somebody chose: a service may be called `token`."""

YAML_SUFFIXES = frozenset({".yml", ".yaml", ".json"})
OTHER_SUFFIXES = frozenset(
    {".py", ".ini", ".toml", ".cfg", ".sh", ".bash", ".mk", ".md", ".jsonnet", ".libsonnet", ".star"}
)
CODE_SUFFIXES = frozenset({".go", ".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx"})
OTHER_NAMES = frozenset({"Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", "Jenkinsfile"})
DOCKERFILE = re.compile(r"(?:Docker|Container)file|.*\.(?:docker|container)file\Z", re.IGNORECASE)

FIRST_KEY = re.compile(
    r"""^[ \t]*(?:#[ \t#]*)?(?:-[ \t]+)?["']?([\w.-]+)["']?[ \t]*(?:=|:(?=[ \t]))[ \t]*([^\n]+)""", re.MULTILINE
)
COMMENTED_ENTRY = re.compile(
    r"""^[ \t]*#[ \t#]*(?:-[ \t]+)?["']?(?:\w+=|[A-Z][A-Z0-9]*_[A-Z0-9_]*["']?:[ \t])[ \t]*([^\n]+)""", re.MULTILINE
)
ENV_LINE = re.compile(r"[ \t]*(?:#[ \t#]*)?(?:export[ \t]+)?[\w.\[\]-]+[ \t]*[=:][ \t]*")
ENV_PROSE = re.compile(r"[ \t]*#")
ENV_QUOTED = {'"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL), "'": re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)}
DOCKERFILE_VALUES = re.compile(r"^[ \t]*(?:ENV|ARG)[ \t]+((?:[^\n\\]|\\\r?\n|\\)*)", re.MULTILINE | re.IGNORECASE)
DOCKERFILE_PAIR = re.compile(r"""[\w.-]+=((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+)""", re.DOTALL)
OLD_ENV = re.compile(r"[ \t]*[\w.-]+[ \t]+(?=\S)")
SECTION_LINE = re.compile(rf"""([ \t]*)(?:-[ \t]+)?["']?(?:{"|".join(sorted(SECTIONS))})["']?[ \t]*:[ \t]*""")
ENTRY = re.compile(r"""[ \t]*(?:-[ \t]+)?["']?[\w.-]+["']?[ \t]*(?:=|:(?=[ \t\r]|\Z))[ \t]*""")
UPPER_ENTRY = re.compile(r"""[ \t]*(?:-[ \t]+)?["']?[A-Z][A-Z0-9_]+["']?[ \t]*[:=][ \t]*""")
FLAG = re.compile(r"-{1,2}([A-Za-z][\w-]*)\Z")
NAME = re.compile(r"[A-Za-z_]\w*")
LITERAL = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)(?:\1|\Z)""")
DSN = re.compile(r"""["'`][\w.-]*:([^"'`\n]+)@(?:tcp|unix|\w*)\(""")
"""The password of `user:password@tcp(host)/name`. Source: go-sql-driver/mysql, README (DSN)."""


def secret_values(source: Source) -> Iterator[Span]:
    """The spans of the values, not in order; a file of a kind that volfix does not know is read as an env file."""
    name, suffix, text = source.path.name, source.path.suffix.lower(), source.text
    if suffix in YAML_SUFFIXES:
        try:
            documents = parse(source)
        except FileProblem:
            yield from _unparsed_yaml(text)
        else:
            tree = _Yaml(text)
            for document in documents:
                yield from tree.below(document.root)
            yield from (Span(*found.span(1)) for found in COMMENTED_ENTRY.finditer(text))
    elif DOCKERFILE.match(name):
        yield from _dockerfile(text)
        yield from _first_keys(text)
    elif suffix in CODE_SUFFIXES:
        yield from _code(text)
    elif suffix in OTHER_SUFFIXES or name in OTHER_NAMES or (not suffix and text.startswith("#!")):
        yield from _first_keys(text)
    else:
        yield from _env_file(text)


class _Yaml:
    """The secret values of a tree. Aliases are followed where a section ends in them, each node once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.done: set[int] = set()

    def below(self, node: Node, *, names: bool = False) -> Iterator[Span]:
        """The values below a node; `names` says that its keys are names and tell nothing."""
        if isinstance(node, Mapping):
            for pair in node.pairs:
                key = pair.key.value if isinstance(pair.key, Scalar) else ""
                if not names and key in SECTIONS:
                    yield from self.section(pair.value)
                elif not names and is_credential(key) and not isinstance(resolved(pair.value), Mapping):
                    yield from self.whole(pair.value)
                yield from self.below(pair.value, names=key in NAMES and not names)
        elif isinstance(node, Items):
            yield from self._arguments(node)
            for item in node.items:
                yield from self.below(item)

    def section(self, node: Node) -> Iterator[Span]:
        """An `environment:`-like section: the values of a mapping, what is behind `=` in a list."""
        node = resolved(node)
        if isinstance(node, Mapping) and id(node) not in self.done:
            self.done.add(id(node))
            for pair in node.pairs:
                if is_merge_key(pair.key):
                    yield from self.section(pair.value)
                else:
                    yield from self.whole(pair.value)
        elif isinstance(node, Items) and id(node) not in self.done:
            self.done.add(id(node))
            for item in map(resolved, node.items):
                if isinstance(item, Scalar):
                    yield from self._behind_equals(item)
                else:
                    yield from self.section(item)
        elif isinstance(node, Scalar):
            yield from self.whole(node)

    def whole(self, node: Node) -> Iterator[Span]:
        """Every scalar in the node, without quotes and block header."""
        node = resolved(node)
        if id(node) in self.done:
            return
        self.done.add(id(node))
        if isinstance(node, Scalar):
            yield self._content(node)
        else:
            inner = [pair.value for pair in node.pairs] if isinstance(node, Mapping) else node.items
            for item in inner:
                yield from self.whole(item)

    def _content(self, node: Scalar) -> Span:
        start, end = node.span.start, node.span.end
        if node.style in ("|", ">"):
            header = self.text.find("\n", start, end)
            return Span(header + 1, end) if header >= 0 else Span(end, end)
        quote = 1 if node.style else 0
        return Span(start + quote, max(end - quote, start + quote))

    def _behind_equals(self, node: Scalar) -> Iterator[Span]:
        content = self._content(node)
        equals = self.text.find("=", content.start, content.end)
        if equals >= 0:
            yield Span(equals + 1, content.end)
        elif not re.fullmatch(r"[\w.-]+", node.value):
            yield content

    def _arguments(self, node: Items) -> Iterator[Span]:
        """The items behind a flag that takes a password: `[redis-server, --requirepass, x]`."""
        short: set[str] = set()
        items = [resolved(item) for item in node.items]
        words = [item.value if isinstance(item, Scalar) else "" for item in items]
        for number, word in enumerate(words):
            short.update(flag for tool, flag in SHORT_FLAGS.items() if re.search(rf"(?:\A|/){tool}\Z", word))
            found = FLAG.match(word)
            if found and (word in short or is_credential(found[1])) and number + 1 < len(words):
                following = items[number + 1]
                if isinstance(following, Scalar) and not following.value.startswith("--"):
                    yield self._content(following)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _unparsed_yaml(text: str) -> Iterator[Span]:
    """Line by line: all that is indented below a section's key, and every entry whose name is in capitals."""
    depth: int | None = None
    for start, end in _lines(text):
        line = text[start:end]
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip(" \t"))
        inside = depth is not None and (indent > depth or (indent == depth and line.lstrip().startswith("-")))
        if not inside:
            depth = None
        if inside:
            entry = ENTRY.match(line)
            yield Span(start + (entry.end() if entry else indent), end)
        elif section := SECTION_LINE.match(line):
            depth = len(section[1])
            yield Span(start + section.end(), end)
        elif entry := UPPER_ENTRY.match(line):
            yield Span(start + entry.end(), end)
    yield from _first_keys(text)
    yield from (Span(*found.span(1)) for found in COMMENTED_ENTRY.finditer(text))


def _first_keys(text: str) -> Iterator[Span]:
    """The rest of every line that begins with the name of a credential."""
    for found in FIRST_KEY.finditer(text):
        if is_credential(found[1]):
            yield Span(*found.span(2))


def _code(text: str) -> Iterator[Span]:
    """What stands in quotes on the lines that name a credential, and on the lines below that such a line goes on in."""
    goes_on = False
    for start, end in _lines(text):
        line = text[start:end]
        if goes_on or any(is_credential(found[0]) for found in NAME.finditer(line)):
            literals = [Span(start + found.start(2), start + found.end(2)) for found in LITERAL.finditer(line)]
            yield from literals
            goes_on = not literals and line.rstrip().endswith(("=", ":", "(", "+", "||", "??", ","))
    yield from (Span(*found.span(1)) for found in DSN.finditer(text))
    yield from _first_keys(text)


def _env_file(text: str) -> Iterator[Span]:
    """Every value to the end of its line, what may be a comment included, and every line that is no assignment."""
    quoted_until = 0
    for start, end in _lines(text):
        if start < quoted_until:
            continue
        line = text[start:end]
        assignment = ENV_LINE.match(line)
        if assignment is None:
            if not ENV_PROSE.match(line):
                yield Span(start, end)
            continue
        value = start + assignment.end()
        quote = text[value : value + 1]
        closed = ENV_QUOTED[quote].match(text, value) if quote in ENV_QUOTED and not ENV_PROSE.match(line) else None
        if closed is not None:
            line_end = text.find("\n", closed.end())
            end = len(text) if line_end < 0 else line_end
            quoted_until = end
        yield Span(value, end)


def _dockerfile(text: str) -> Iterator[Span]:
    """The values of `ENV` and `ARG`."""
    for found in DOCKERFILE_VALUES.finditer(text):
        pairs = [Span(*pair.span(1)) for pair in DOCKERFILE_PAIR.finditer(text, *found.span(1))]
        if pairs:
            yield from pairs
        elif old := OLD_ENV.match(text, *found.span(1)):
            yield Span(old.end(), found.end(1))
