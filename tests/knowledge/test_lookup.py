"""Which entries speak of an image: names, tags, versions, foreign names, directories."""

from __future__ import annotations

import pytest

from volfix.knowledge.images import Image
from volfix.knowledge.lookup import copied_application, derived_entry, entries_for, entry_at, in_range, version_in

OLD, NEW = "/var/lib/postgresql/data", "/var/lib/postgresql"


def first_directories(image: str) -> list[str]:
    return [known.data_directories[0] for known in entries_for(Image.parse(image))]


@pytest.mark.parametrize(
    ("image", "directories"),
    [
        ("postgres:17", [OLD]),
        ("postgres:17.10-bookworm", [OLD]),
        ("postgres:9.6-alpine", [OLD]),
        ("postgres:18", [NEW]),
        ("postgres:18.0", [NEW]),
        ("postgres:18beta1", [NEW]),
        ("postgres:19-alpine3.23", [NEW]),
        ("postgres", [OLD, NEW]),
        ("postgres:latest", [OLD, NEW]),
        ("postgres:alpine", [OLD, NEW]),
        ("postgres:bookworm", [OLD, NEW]),
        ("postgres:${TAG}", [OLD, NEW]),
        ("postgres:1${MINOR}", [OLD, NEW]),
        ("postgres:17${SUFFIX}", [OLD, NEW]),
        ("postgres:17-${SUFFIX}", [OLD]),
        ("postgres@sha256:" + "a" * 64, [OLD, NEW]),
        ("postgres:18@sha256:" + "a" * 64, [NEW]),
        ("pgvector/pgvector:pg17", [OLD]),
        ("pgvector/pgvector:0.8.1-pg18-trixie", [NEW]),
        ("timescale/timescaledb:2.19.0-pg16", [OLD]),
        ("timescale/timescaledb:latest-pg18", [NEW]),
        ("postgis/postgis:17-3.5", [OLD]),
        ("ghcr.io/immich-app/postgres:14-vectorchord0.3.0-pgvectors0.2.0", [OLD]),
        ("pgautoupgrade/pgautoupgrade:18-alpine", [NEW]),
    ],
)
def test_the_tag_decides_between_the_layouts_of_postgresql(image: str, directories: list[str]) -> None:
    assert first_directories(image) == directories


@pytest.mark.parametrize(
    "image",
    [
        "postgres:15",
        "library/postgres:15",
        "docker.io/postgres:15",
        "docker.io/library/postgres:15",
        "index.docker.io/library/postgres:15",
        "registry-1.docker.io/library/postgres:15",
        "public.ecr.aws/docker/library/postgres:15",
        "mirror.gcr.io/library/postgres:15",
        "localhost:5000/postgres:15",
        "registry.example.com:5000/postgres:15",
        "harbor.example.com/proxy/library/postgres:15",
        "gitlab.example.com/group/dependency_proxy/containers/postgres:15",
        "${REGISTRY}/postgres:15",
        "${REGISTRY_WITH_SLASH}postgres:15",
        "${REGISTRY:-registry.example.com/hub}/postgres:15",
        "arm64v8/postgres:15",
        "docker.io/amd64/postgres:15",
        " postgres:15 ",
        "postgres:15@sha256:" + "0" * 64,
    ],
)
def test_neither_registry_nor_mirror_nor_architecture_hides_an_official_image(image: str) -> None:
    assert [known.name for known in entries_for(Image.parse(image))] == ["PostgreSQL"]


@pytest.mark.parametrize(
    "image",
    ["", "${IMAGE}", "${NAMESPACE}/${NAME}:15", "acme/postgres", "acme.example.com/arm64v8/postgres:15", "postgresql"],
)
def test_another_name_is_another_image(image: str) -> None:
    assert entries_for(Image.parse(image)) == ()


@pytest.mark.parametrize(
    ("image", "directory"),
    [
        ("bitnami/postgresql:15", "/bitnami/postgresql"),
        ("docker.io/bitnamilegacy/postgresql:15", "/bitnami/postgresql"),
        ("bitnamisecure/postgresql", "/bitnami/postgresql"),
        ("public.ecr.aws/bitnami/mongodb:7.0", "/bitnami/mongodb"),
        ("bitnamilegacy/redis", "/bitnami/redis/data"),
        ("linuxserver/mariadb", "/config"),
        ("lscr.io/linuxserver/mariadb:10.11", "/config"),
        ("ghcr.io/linuxserver/mariadb:latest", "/config"),
    ],
)
def test_a_vendor_s_variant_keeps_its_data_at_its_own_place(image: str, directory: str) -> None:
    assert first_directories(image) == [directory]


def test_an_exact_name_goes_before_a_pattern_and_a_longer_pattern_before_a_shorter() -> None:
    (named,) = entries_for(Image.parse("linuxserver/plex"))
    (by_convention,) = entries_for(Image.parse("linuxserver/something-new"))
    assert named.name == "Plex"
    assert by_convention.images == ("linuxserver/*",)
    assert not by_convention.verified


def test_a_word_of_the_tag_decides_between_two_entries() -> None:
    assert first_directories("gitea/gitea:1.24") == ["/data"]
    assert first_directories("gitea/gitea:1.24-rootless") == ["/var/lib/gitea"]
    assert first_directories("gitea/gitea:${TAG}") == ["/data", "/var/lib/gitea"]


@pytest.mark.parametrize(
    ("image", "directories"),
    [
        ("mattermost/focalboard:7.5.2", ["/data"]),
        ("mattermost/focalboard:7.10.6", ["/opt/focalboard/data"]),
        ("stalwartlabs/stalwart:v0.15.5", ["/opt/stalwart"]),
        ("stalwartlabs/stalwart:v0.16.3", ["/var/lib/stalwart"]),
        ("aceberg/watchyourlan:1.0.6", ["/data"]),
        ("aceberg/watchyourlan:2.1.4", ["/data/WatchYourLAN"]),
        ("lycheeorg/lychee:v6.10.4", ["/conf"]),
        ("lycheeorg/lychee:v7.1.0", ["/app/database"]),
        ("danielszabo99/microbin:1.2.1", ["/app/pasta_data"]),
        ("danielszabo99/microbin:2.0.4", ["/app/microbin_data"]),
        ("mattermost/focalboard", ["/opt/focalboard/data", "/data"]),
    ],
)
def test_the_tag_decides_where_an_application_keeps_its_data(image: str, directories: list[str]) -> None:
    assert first_directories(image) == directories


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("15", (15,)),
        ("v1.2.3-alpine", (1, 2, 3)),
        ("8.2${P}", None),
        ("${V}", None),
        ("latest", None),
        ("8-${P}", (8,)),
    ],
)
def test_a_version_that_a_variable_may_continue_is_unknown(tag: str, version: tuple[int, ...] | None) -> None:
    assert version_in(tag, r"^v?(\d+(?:\.\d+)*)") == version


@pytest.mark.parametrize(
    ("version", "versions", "lies_in"),
    [
        ((17,), "<18", True),
        ((18,), "<18", False),
        ((18,), ">=18", True),
        ((8,), ">=8.2", True),  # `8` is the newest 8
        ((8,), "<8.2", False),
        ((8, 1), "<8.2", True),
        ((2, 7), ">=2 <3", True),
        ((3,), ">=2 <3", False),
        ((1, 8), ">=2 <3", False),
        ((5,), "", True),
    ],
)
def test_a_range_takes_a_shortened_version_as_its_newest(
    version: tuple[int, ...], versions: str, lies_in: bool
) -> None:
    assert in_range(version, versions) is lies_in


@pytest.mark.parametrize(
    ("image", "family"),
    [
        ("registry.local/mirror/jenkins:2.346.1", "jenkins"),
        ("registry.cn-hangzhou.example.com/someone/grafana", "grafana"),
        ("acme/atlassian-jira-software:8.5", "jira"),
        ("harbor.acme.example/proxy/team/uptime-kuma:1", "uptime-kuma"),
        ("acme/n8n:${TAG}", "n8n"),
    ],
)
def test_a_copy_keeps_the_name_of_its_application(image: str, family: str) -> None:
    assert {known.family for known in copied_application(Image.parse(image))} == {family}


@pytest.mark.parametrize(
    "image",
    [
        "acme/server",  # many applications' images are called so
        "acme/api",
        "acme/hub",
        "acme/jenkins-agent",
        "acme/my-grafana-dashboards",
        "grafana/grafana",  # known by its own name
        "linuxserver/grocy",
        "acme/postgres",  # an engine: derived_entry
        "${IMAGE}",
    ],
)
def test_a_common_or_known_name_is_no_copy(image: str) -> None:
    assert copied_application(Image.parse(image)) == ()


@pytest.mark.parametrize(
    ("image", "family"),
    [
        ("acme/alpine-mariadb", "mariadb"),
        ("registry.example.com/team/postgres16:latest", "postgres"),
        ("acme/my_mongo", "mongodb"),
        ("acme/db.mysql", "mysql"),
        ("team/shop-postgres-dev:3", "postgres"),
        ("team/app-redis", "redis"),
    ],
)
def test_a_foreign_name_speaks_of_an_engine(image: str, family: str) -> None:
    found = derived_entry(Image.parse(image))
    assert {known.family for known in found} == {family}


@pytest.mark.parametrize(
    "image",
    [
        "prodrigestivill/postgres-backup-local",
        "acme/mysql-backup",
        "prometheuscommunity/postgres-exporter",
        "bitnami/redis-exporter",
        "acme/mongo-express",
        "acme/redis-commander",
        "acme/kafka-ui",
        "acme/postgres-web",
        "acme/mysql_client",
        "acme/etcd-proxy",
        "acme/elasticsearch-curator",
        "acme/pg-admin-postgres",
        "acme/postgres-migrations",
        "acme/redis-sentinel",
        "acme/kafka-connect",
        "acme/shop",
        "acme/mysqlish",
        "",
        "postgres:16",  # known itself
        "mongo-express",
    ],
)
def test_a_companion_is_not_the_engine(image: str) -> None:
    assert derived_entry(Image.parse(image)) == ()


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/var/lib/postgresql/data", "postgres"),
        ("/var/lib/postgresql/data/", "postgres"),
        ("/var/lib/mysql", "mysql"),
        ("//data/db", "mongodb"),
        ("/bitnami/postgresql", "postgres"),
        ("/usr/share/elasticsearch/data", "elasticsearch"),
    ],
)
def test_a_directory_alone_identifies_its_engine(path: str, family: str) -> None:
    found = entry_at(path)
    assert found is not None
    assert found.family == family


@pytest.mark.parametrize("path", ["/data", "/config", "/var/lib", "/", "/var/lib/mysql/x", "/app/data", "/var/lib/pg"])
def test_a_directory_that_many_images_use_identifies_none(path: str) -> None:
    assert entry_at(path) is None
