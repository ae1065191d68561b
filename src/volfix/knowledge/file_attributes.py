"""Extended attributes and ACLs of files, and their names in messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

OF_SYSTEM = ("security.", "trusted.")
"""Extended attributes that the system keeps for itself: labels of SELinux, integrity measurements, overlays."""
ACLS = {"system.posix_acl_access": "an ACL", "system.posix_acl_default": "a default ACL"}
"""Source: acl(5); getfattr shows them under these names."""


def given(attributes: Iterable[str]) -> Iterator[str]:
    """The ACLs and extended attributes that a person gave a file, in words; `attributes` are the names that it has."""
    for name in attributes:
        if not name.startswith(OF_SYSTEM):
            yield ACLS.get(name, f"the extended attribute {name}")
