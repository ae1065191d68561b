"""Image references as Compose files write them."""

from __future__ import annotations

import pytest

from volfix.knowledge.images import Image

DIGEST = "sha256:" + "b" * 64


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("postgres", None, "postgres", None, None),
        ("postgres:15-alpine", None, "postgres", "15-alpine", None),
        (f"postgres@{DIGEST}", None, "postgres", None, DIGEST),
        (f"ghcr.io/acme/app:1.2@{DIGEST}", "ghcr.io", "acme/app", "1.2", DIGEST),
        ("localhost/app", "localhost", "app", None, None),
        ("localhost:5000/app:1", "localhost:5000", "app", "1", None),
        ("registry.example.com:5000/a/b/c", "registry.example.com:5000", "a/b/c", None, None),
        ("acme/app", None, "acme/app", None, None),
        ("docker.io/acme/app", "docker.io", "acme/app", None, None),
        ("postgres:${TAG:-15}", None, "postgres", "${TAG:-15}", None),
        ("postgres:${A}-${B}", None, "postgres", "${A}-${B}", None),
        ("${R:-ghcr.io/x}/acme/app:${T}", None, "acme/app", "${T}", None),
        ("$R/acme/app", None, "acme/app", None, None),
        ("${NS}/app", None, "app", None, None),
        ("acme/${NAME}:1", None, "", "1", None),
        ("${IMAGE:-postgres:15}", None, "", None, None),
        ("${IMAGE:-a/${B:-c}}", None, "", None, None),
        (f"postgres@{DIGEST[:10]}${{REST}}", None, "postgres", None, None),
        ("", None, "", None, None),
        ("s390x/redis:7", None, "redis", "7", None),
        ("quay.io/arm64v8/redis", "quay.io", "arm64v8/redis", None, None),
        ("arm64v8", None, "arm64v8", None, None),
        ("mylibrary/postgres", None, "mylibrary/postgres", None, None),
        ("acme/library/postgres", None, "acme/library/postgres", None, None),
    ],
)
def test_a_reference_is_taken_apart(
    text: str, registry: str | None, repository: str, tag: str | None, digest: str | None
) -> None:
    image = Image.parse(text)
    assert (image.registry, image.repository, image.tag, image.digest) == (registry, repository, tag, digest)
    assert image.text == text
