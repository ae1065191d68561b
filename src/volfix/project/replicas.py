"""How many containers of a service run at once."""

from __future__ import annotations

from volfix.project.model import Service
from volfix.syntax.yaml_tree import Mapping, Scalar


def replicas(service: Service) -> int | None:
    """The number that `deploy: replicas:` or `scale:` says, else 1; None where it depends on the nodes or a variable.

    Source: compose-spec/compose-spec, deploy.md (mode, replicas), 05-services.md (scale).
    """
    field = service.field("deploy")
    deploy = field[0] if field is not None and isinstance(field[0], Mapping) else None
    mode, count = (deploy.get(key) if deploy is not None else None for key in ("mode", "replicas"))
    if isinstance(mode, Scalar) and mode.value.startswith("global"):
        return None
    text = service.interpolated(count.value) if isinstance(count, Scalar) else service.text("scale") or "1"
    return int(text) if text.isascii() and text.isdigit() else None
