"""The rules by code; a module `vf*.py` in this folder is a rule, and nothing else needs to know of it."""

from __future__ import annotations

import importlib
import pkgutil

from volfix import rules
from volfix.rules.rule import Rule

REGISTRY: dict[str, Rule] = {
    rule.code: rule
    for module in sorted(info.name for info in pkgutil.iter_modules(rules.__path__) if info.name.startswith("vf"))
    for rule in (importlib.import_module(f"{rules.__name__}.{module}").RULE,)
}
