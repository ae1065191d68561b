"""What of a file is known to be harmless, by the kind of file: everything else is hidden."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from volfix.fixes.masking.code_values import harmless_code
from volfix.fixes.masking.line_values import (
    harmless_dockerfile,
    harmless_env_file,
    harmless_script,
    harmless_settings,
)
from volfix.fixes.masking.yaml_values import harmless_yaml
from volfix.syntax.source import Source, Span

CODE = (".py", ".go", ".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx")
SCRIPTS = (".sh", ".bash", ".mk", ".md", ".jsonnet", ".libsonnet", ".star", ".ps1", ".bat")
BY_SUFFIX: dict[str, Callable[[Source], Iterator[Span]]] = {
    **dict.fromkeys(CODE, harmless_code),
    **dict.fromkeys((".yml", ".yaml", ".json"), harmless_yaml),
    **dict.fromkeys((".ini", ".toml", ".cfg"), harmless_settings),
    **dict.fromkeys(SCRIPTS, harmless_script),
}
SCRIPT_NAMES = frozenset({"Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", "Jenkinsfile"})
DOCKERFILE = re.compile(r"(?:Docker|Container)file|.*\.(?:docker|container)file\Z", re.IGNORECASE)


def harmless(source: Source) -> Iterator[Span]:
    """The spans that may be shown, not in order; a file of a kind that volfix does not know is read as an env file."""
    name, suffix = source.path.name, source.path.suffix.lower()
    if DOCKERFILE.match(name):
        return harmless_dockerfile(source)
    if name in SCRIPT_NAMES or (not suffix and source.text.startswith("#!")):
        return harmless_script(source)
    return BY_SUFFIX.get(suffix, harmless_env_file)(source)
