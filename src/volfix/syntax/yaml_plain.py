"""Converts YAML nodes for comparisons: to plain data, or to a digest."""

from __future__ import annotations

import re

from volfix.syntax.yaml_tree import Alias, Mapping, Node, Scalar, Sequence, resolved

# What go-yaml, which Compose uses, resolves to something other than a string.
TYPED = re.compile(
    r"(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|<<|="
    r"|[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)"
    r"|[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|\d{4}-\d\d?-\d\d?(?:[Tt \t].*)?)\Z"
)


def plain(node: Node) -> object:
    """The node as plain data for a comparison; aliases are not followed.

    A mapping becomes a dict, a sequence a list, a string a str. A value of another type becomes ("typed", text), an
    alias ("alias", name). Anchors and tags become part of the value.
    """
    match node:
        case Scalar():
            typed = node.style == "" and node.tag is None and TYPED.match(node.value) is not None
            value: object = ("typed", node.value) if typed or node.is_null else node.value
        case Mapping():
            value = {_plain_key(pair.key): plain(pair.value) for pair in node.pairs}
        case Sequence():
            value = [plain(item) for item in node.items]
        case Alias():
            return ("alias", node.name)
    if node.anchor is not None:
        value = ("anchor", node.anchor, value)
    return value if node.tag is None else ("tag", node.tag, value)


def _plain_key(key: Node) -> str:
    return key.value if isinstance(key, Scalar) else repr(plain(key))


def digest(node: Node, known: dict[int, str] | None = None) -> str:
    """A SHA-256 of the node's meaning, with aliases and merge keys followed: equal for nodes of equal meaning.

    Each node is read once, however many aliases name it, so an alias bomb costs nothing; `known` keeps the results.
    """
    import hashlib

    known = {} if known is None else known
    node = resolved(node)
    if id(node) not in known:
        match node:
            case Scalar():
                text = repr(plain(node)) if node.anchor is None else repr(plain(_bare(node)))
            case Mapping():
                text = repr(sorted((key, digest(pair.value, known)) for key, pair in node.items()))
            case Sequence():
                text = repr([digest(item, known) for item in node.items])
        known[id(node)] = hashlib.sha256(f"{node.tag} {text}".encode("utf-8", "surrogatepass")).hexdigest()
    return known[id(node)]


def _bare(scalar: Scalar) -> Scalar:
    return Scalar(scalar.span, scalar.value, scalar.style, scalar.tag)
