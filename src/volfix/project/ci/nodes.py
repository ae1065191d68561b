"""What the entries of a pipeline's YAML say: texts, flags, variables and conditions, and commands as fragments.

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
"""What YAML 1.1, which Drone and Woodpecker read, takes for true."""
YAML = frozenset({".yml", ".yaml"})
EXPRESSION = re.compile(r"\$\{\{.*?\}\}|\{\{.*?\}\}|\$\[\[.*?\]\]|<<[ \t]*\w+(?:\.[\w-]+)+[ \t]*>>", re.DOTALL)
"""`${{ github.sha }}`, Ansible's `{{ tag }}`, GitLab's `$[[ inputs.tag ]]`, CircleCI's `<< parameters.tag >>`."""


def roots_of(source: Source) -> list[Mapping]:
    """The mappings that a file's documents are; none where it is not YAML."""
    try:
        return [root for each in parse(source) if isinstance(root := resolved(each.root), Mapping)]
    except FileProblem:
        return []


def text(node: Mapping, key: str) -> str | None:
    """A scalar entry's value, None where it is absent, null or something else."""
    value = node.get(key)
    return value.value if isinstance(value, Scalar) and not value.is_null else None


def flag(node: Mapping, key: str) -> bool:
    """Whether an entry is true."""
    return text(node, key) in TRUE


def scalars(node: Node | None) -> Iterator[Scalar]:
    """A scalar, or each scalar of a list."""
    node = resolved(node) if node is not None else None
    for item in node.items if isinstance(node, Sequence) else (node,):
        if item is not None and isinstance(inner := resolved(item), Scalar) and not inner.is_null:
            yield inner


def environment_of(node: Node | None) -> dict[str, str | None]:
    """The variables of an `environment:`, as a mapping or as a list; None for a secret's value."""
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
    """Where the variables of several `environment:` stand, of which a later one wins."""
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
    """What a `when:` or `trigger:` asks of the event, the status ...: the only values it lets through, None for any."""
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
    """The entries of a mapping that are mappings themselves, with their names."""
    node = resolved(node) if node is not None else None
    for key, pair in node.items() if isinstance(node, Mapping) else ():
        if isinstance(value := resolved(pair.value), Mapping):
            yield key, value


def numbered(node: Node | None) -> Iterator[tuple[int, Mapping]]:
    """The mappings of a list, each with the number of its item."""
    node = resolved(node) if node is not None else None
    for number, item in enumerate(node.items if isinstance(node, Sequence) else (), 1):
        if isinstance(value := resolved(item), Mapping):
            yield number, value


def fragments(source: Source, node: Node | None) -> Iterator[Fragment]:
    """The text of a scalar, or of each scalar of a list, lists in it included, as fragments."""
    node = resolved(node) if node is not None else None
    if isinstance(node, Sequence):
        for item in node.items:
            yield from fragments(source, item)
    elif isinstance(node, Scalar) and not node.is_null:
        yield scalar_fragment(source, node)


def scalar_fragment(source: Source, scalar: Scalar) -> Fragment:
    """A YAML scalar's value as a fragment; expressions of the pipeline's own language become unknown variables.

    Where the scalar's characters cannot be told apart, each stands for the whole: it can be read, but not edited.
    """
    found = units(source, scalar)
    if found is None:
        inside = [(char, scalar.span.start, scalar.span.end) for char in scalar.value]
    else:
        inside = [(char, unit.start, unit.end) for unit in found for char in unit.value]
    fragment = Fragment.of(source, inside)
    return Fragment(source, masked(fragment.text), fragment.starts, fragment.ends)


def masked(command: str) -> str:
    """The text with each expression as a shell variable of the same length, whose value nobody knows."""
    return EXPRESSION.sub(lambda found: "${" + re.sub(r"\W", "_", found[0][2:-1]) + "}", command)


def variables_of(name: str) -> tuple[str, ...]:
    """A variable by its name; an expression (`github.workspace`) by its masked names."""
    return tuple(masked(text)[2:-1] for text in (f"${{{{ {name} }}}}", f"${{{{{name}}}}}")) if "." in name else (name,)


def asked(commands: Fragment, condition: str) -> Fragment:
    """The commands that someone asks for by an input, below a test that says so; the others as they are."""
    if not commands.text or not INPUT.search(condition):
        return commands
    at, end = (commands.starts[0], commands.ends[0]), (commands.starts[-1], commands.ends[-1])
    test = masked(condition).replace('"', "'").replace("\n", " ")
    characters = [(char, *at) for char in f'if [ "{test}" ]; then\n']
    characters += zip(commands.text, commands.starts, commands.ends, strict=True)
    characters += [(char, *end) for char in "\nfi"]
    return Fragment.of(commands.source, characters)


def unmasked(text: str, written: str) -> str:
    """A text with the expressions of the file that it comes from as they are written there."""
    for found in EXPRESSION.finditer(written) if "${_" in text else ():
        text = text.replace(masked(found[0]), found[0])
    return text


def plain_path(path: str) -> str:
    """A directory below the checkout as it is written; the checkout's own where it is not known."""
    return path if not re.search(r"\$|\{\{|^/", path) else "."
