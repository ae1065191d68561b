"""The rules by code. A module `vf*.py` in this folder is a rule; nothing else registers it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from volfix import rules

if TYPE_CHECKING:
    from volfix.rules.rule import Rule


class Registry(Mapping[str, "Rule"]):
    """A mapping from a rule's code (its module's name in capitals) to the rule, which is imported on first use."""

    def __init__(self) -> None:
        names = sorted(path.stem for path in Path(__file__).parent.glob("vf*.py"))
        self._modules = {name.upper(): f"{rules.__name__}.{name}" for name in names}

    def __getitem__(self, code: str) -> Rule:
        rule: Rule = importlib.import_module(self._modules[code]).RULE
        return rule

    def __contains__(self, code: object) -> bool:
        return code in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


REGISTRY = Registry()
