"""Reads entries of a pipeline's YAML: texts, flags, variables, conditions and commands.

Source: drone-runners/drone-runner-docker, engine/resource/pipeline.go; woodpecker-ci/woodpecker, docs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.knowledge.purposes import INPUT
from volfix.project.compose.compose_file import strings
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_scalar import units
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, parse, resolved

TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})
"""The values that mean true in YAML 1.1, which Drone and Woodpecker read."""
YAML = frozenset({".yml", ".yaml"})
EXPRESSION = re.compile(r"\$\{\{.*?\}\}|\{\{.*?\}\}|\$\[\[.*?\]\]|<<[ \t]*\w+(?:\.[\w-]+)+[ \t]*>>", re.DOTALL)
"""`${{ github.sha }}`, Ansible's `{{ tag }}`, GitLab's `$[[ inputs.tag ]]`, CircleCI's `<< parameters.tag >>`."""


def roots_of(source: Source) -> list[Mapping]:
    """The root mappings of a file's documents; none if it is not valid YAML."""
    try:
        return [root for each in parse(source) if isinstance(root := resolved(each.root), Mapping)]
    except FileProblem:
        return []


def text(node: Mapping, key: str) -> str | None:
    """The value of a scalar entry; None if it is missing, null or not a scalar."""
    value = node.get(key)
    return value.value if isinstance(value, Scalar) and not value.is_null else None


def flag(node: Mapping, key: str) -> bool:
    """Whether the entry exists and is true."""
    return text(node, key) in TRUE


def scalars(node: Node | None) -> Iterator[Scalar]:
    """The scalar itself, or each scalar of a list; without null values."""
    node = resolved(node) if node is not None else None
    for item in node.items if isinstance(node, Sequence) else (node,):
        if item is not None and isinstance(inner := resolved(item), Scalar) and not inner.is_null:
            yield inner


def environment_of(node: Node | None) -> dict[str, str | None]:
    """The variables of an `environment:`, which may be a mapping or a list; the value of a secret is None."""
    found: dict[str, str | None] = {}
    if isinstance(node, Mapping):
        for name, pair in node.items():
            value = resolved(pair.value)
            found[name] = value.value if isinstance(value, Scalar) else None
    else:
        for item in strings(node):
            name, equals, value_text = item.partition("=")
            found[name] = value_text if equals else None
    return found


def places_of(source: Source, *nodes: Node | None) -> dict[str, tuple[Source, int]]:
    """For each variable of the `environment:` nodes its file and offset; a later node overrides an earlier node."""
    found: dict[str, tuple[Source, int]] = {}
    for node in nodes:
        node = resolved(node) if node is not None else None
        if isinstance(node, Mapping):
            found |= {name: (source, pair.key.span.start) for name, pair in node.items()}
        elif isinstance(node, Sequence):
            items = (resolved(item) for item in node.items)
            scalars_of = [item for item in items if isinstance(item, Scalar)]
            found |= {item.value.partition("=")[0]: (source, item.span.start) for item in scalars_of}
    return found


def conditions_of(node: Node | None, key: str) -> frozenset[str] | None:
    """The values that a `when:` or `trigger:` allows for `key` (event, status ...); None if it allows any."""
    conditions = node.items if isinstance(node, Sequence) else (node,)
    found: set[str] = set()
    for condition in conditions:
        condition = resolved(condition) if condition is not None else None
        wanted = condition.get(key) if isinstance(condition, Mapping) else None
        if isinstance(wanted, Mapping):
            wanted = wanted.get("include")
        if wanted is None:
            return None
        found.update(strings(wanted))
    return frozenset(found) or None


def mappings(node: Node | None) -> Iterator[tuple[str, Mapping]]:
    """The entries of a mapping whose values are mappings, with their keys."""
    node = resolved(node) if node is not None else None
    for key, pair in node.items() if isinstance(node, Mapping) else ():
        if isinstance(value := resolved(pair.value), Mapping):
            yield key, value


def numbered(node: Node | None) -> Iterator[tuple[int, Mapping]]:
    """The mappings of a list, each with its position, counted from 1."""
    node = resolved(node) if node is not None else None
    for number, item in enumerate(node.items if isinstance(node, Sequence) else (), 1):
        if isinstance(value := resolved(item), Mapping):
            yield number, value


def fragments(source: Source, node: Node | None) -> Iterator[Fragment]:
    """The text of a scalar, or of each scalar of a list and of the lists in it, as fragments."""
    node = resolved(node) if node is not None else None
    if isinstance(node, Sequence):
        for item in node.items:
            yield from fragments(source, item)
    elif isinstance(node, Scalar) and not node.is_null:
        yield scalar_fragment(source, node)


def scalar_fragment(source: Source, scalar: Scalar) -> Fragment:
    """A YAML scalar's value as a fragment. Expressions of the CI system become shell variables of unknown value.

    If the position of single characters is unknown, each character has the position of the whole scalar: the fragment
    can be read but not edited.
    """
    found = units(source, scalar)
    if found is None:
        inside = [(char, scalar.span.start, scalar.span.end) for char in scalar.value]
    else:
        inside = [(char, unit.start, unit.end) for unit in found for char in unit.value]
    fragment = Fragment.of(source, inside)
    return Fragment(source, masked(fragment.text), fragment.starts, fragment.ends)


def masked(command: str) -> str:
    """The text with each expression replaced by a shell variable of the same length and of unknown value."""
    return EXPRESSION.sub(lambda found: "${" + re.sub(r"\W", "_", found[0][2:-1]) + "}", command)


def variables_of(name: str) -> tuple[str, ...]:
    """The names of a variable in masked text: itself, or for an expression (`github.workspace`) its masked forms."""
    return tuple(masked(text)[2:-1] for text in (f"${{{{ {name} }}}}", f"${{{{{name}}}}}")) if "." in name else (name,)


def asked(commands: Fragment, condition: str) -> Fragment:
    """The commands inside an `if` if `condition` reads an input that a person sets; otherwise unchanged."""
    if not commands.text or not INPUT.search(condition):
        return commands
    at, end = (commands.starts[0], commands.ends[0]), (commands.starts[-1], commands.ends[-1])
    test = masked(condition).replace('"', "'").replace("\n", " ")
    characters = [(char, *at) for char in f'if [ "{test}" ]; then\n']
    characters += zip(commands.text, commands.starts, commands.ends, strict=True)
    characters += [(char, *end) for char in "\nfi"]
    return Fragment.of(commands.source, characters)


def unmasked(text: str, written: str) -> str:
    """The masked `text` with the expressions of `written`, the text of its file, put back in place."""
    for found in EXPRESSION.finditer(written) if "${_" in text else ():
        text = text.replace(masked(found[0]), found[0])
    return text


def plain_path(path: str) -> str:
    """The path if it is relative and literal; `.` (the checkout) if it is absolute or contains a variable."""
    return path if not re.search(r"\$|\{\{|^/", path) else "."
