"""How many containers of a service run at once."""

from __future__ import annotations

from volfix.project.compose.service import Service
from volfix.syntax.yaml_tree import Mapping, Scalar


def replicas(service: Service) -> int | None:
    """The number in `deploy: replicas:` or `scale:`, by default 1; None if it depends on the nodes or on a variable.

    Source: compose-spec/compose-spec, deploy.md (mode, replicas), 05-services.md (scale).
    """
    mode, count = _deploy_field(service, "mode"), _deploy_field(service, "replicas")
    if mode is not None and mode not in ("replicated", "replicated-job"):
        return None
    text = count if count is not None else service.text("scale") or "1"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _deploy_field(service: Service, key: str) -> str | None:
    """A field of `deploy:`. Compose merges `deploy:` key by key, so the last part with the field counts."""
    for part in reversed(service.parts):
        deploy = part.node.get("deploy")
        value = deploy.get(key) if isinstance(deploy, Mapping) else None
        if isinstance(value, Scalar) and not value.is_null:
            return service.interpolated(value.value)
    return None
