"""The knowledge base as data: every table parses, names its source, and contradicts no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from all_entries import all_entries

from volfix.knowledge.entries import FOLDERS, Entry, entry, identifying_directories, index, strings_of
from volfix.knowledge.images import Image
from volfix.knowledge.lookup import entries_for, in_range
from volfix.knowledge.paths import cleaned
from volfix.knowledge.storage import data_directories, holds
from volfix.knowledge.tables import HERE, parsed
from volfix.knowledge.targets import never_converted

FILES = sorted(path for folder in FOLDERS for path in (HERE / folder).glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_nothing_but_entries_and_every_one_of_them_is_found(path: Path) -> None:
    document = parsed(path.read_text(encoding="utf-8"))
    assert set(document) == {"entry"}
    assert path.read_text(encoding="utf-8").split("[[entry]]\n")[0].startswith("# ")
    assert len(document["entry"]) == path.read_text(encoding="utf-8").count("\n[[entry]]\n")


def test_every_table_becomes_an_entry() -> None:
    assert len(all_entries()) == len(index().tables)


def test_cutting_the_text_finds_what_parsing_it_finds() -> None:
    for number, table in enumerate(index().tables):
        known = entry(number)
        assert strings_of(table.text, "images") == list(known.images), known.name
        assert strings_of(table.text, "words") == list(known.words), known.name
        assert strings_of(table.text, "at") == list(known.at), known.name


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ('\nimages = ["a", "b/c*"]\n', ["a", "b/c*"]),
        ('\nimages = [\n    "a",\n    "b",\n]\n', ["a", "b"]),
        ('\nname = "images"\n', []),
        ('\nmore_images = ["a"]\n', []),
        ('\nat = ["/x"]\nimages = []\n', []),
    ],
)
def test_the_strings_of_an_array_are_cut_from_the_text(text: str, strings: list[str]) -> None:
    assert strings_of(text, "images") == strings


def test_every_entry_says_how_volfix_knows() -> None:
    for known in all_entries():
        assert known.source.strip(), known.name
        assert "://" not in known.source, known.name


def test_every_entry_has_images_that_an_image_reference_can_reach() -> None:
    for known in all_entries():
        assert known.images, known.name
        for name in known.images:
            assert name == name.lower(), known.name
            assert "*" not in name[:-1], known.name
            assert Image.parse(name.rstrip("*")).repository == name.rstrip("*"), f"{known.name}: {name}"


def test_directories_are_absolute_and_clean() -> None:
    for known in all_entries():
        names = [path for path in known.never_convert if "/" in path]
        for path in (*known.data_directories, *known.inner, *known.declared_volumes, *names, *known.at):
            assert path.startswith("/"), f"{known.name}: {path}"
            assert cleaned(path) == path, f"{known.name}: {path}"
            assert path != "/", known.name
        assert len(set(known.data_directories)) == len(known.data_directories), known.name


def test_no_directory_is_both_data_and_not() -> None:
    for known in all_entries():
        assert not set(known.data_directories) & set(known.never_convert), known.name
        for path in known.data_directories:
            assert not never_converted(known, path), f"{known.name}: {path}"


def test_a_place_within_a_data_directory_that_holds_the_database_lies_within() -> None:
    for known in all_entries():
        for path in known.inner:
            outer = tuple(f"{directory}/" for directory in known.data_directories)
            assert path.startswith(outer), f"{known.name}: {path}"


def test_a_setting_says_once_where_its_value_stands_and_moves_a_directory_that_exists() -> None:
    for known in all_entries():
        for setting in known.settings:
            assert sum(map(bool, (setting.env, setting.flag, setting.after))) == 1, known.name
            assert setting.moves in ("", *known.data_directories), f"{known.name}: {setting.moves}"


def test_a_verified_source_is_not_a_vague_one() -> None:
    for known in all_entries():
        if known.verified:
            assert not known.source.endswith("documentation of the image"), known.name


def test_ranges_and_version_patterns_are_well_formed() -> None:
    for known in all_entries():
        assert re.fullmatch(r"(?:(?:>=|<)\d+(?:\.\d+)*)?(?: <\d+(?:\.\d+)*)?", known.versions), known.name
        assert re.compile(known.version).groups == 1, known.name


def _speaking_of_one_image() -> Iterator[tuple[str, list[Entry]]]:
    for table in (index().repositories, index().patterns):
        for name, numbers in table.items():
            if len(numbers) > 1:
                yield name, [entry(number) for number in numbers]


def test_no_two_entries_contradict_each_other() -> None:
    checked = 0
    for name, entries in _speaking_of_one_image():
        limits = [
            tuple(int(part) for part in bound.split("."))
            for e in entries
            for bound in re.findall(r"[\d.]+", e.versions)
        ]
        samples = [*limits, *((*limit[:-1], limit[-1] - 1, 999) for limit in limits), (0,), (99,)]
        for sample in samples:
            for word in {"", *(known.tag_has for known in entries), *(known.tag_lacks for known in entries)}:
                meant = {
                    known.data_directories
                    for known in entries
                    if in_range(sample, known.versions)
                    and (not known.tag_has or known.tag_has == word)
                    and (not known.tag_lacks or known.tag_lacks != word)
                }
                assert len(meant) <= 1, f"{name} {sample} {word}: {meant}"
                checked += 1
    assert checked > 100


def test_entries_of_one_image_differ_in_version_or_tag() -> None:
    for name, entries in _speaking_of_one_image():
        conditions = {(known.versions, known.version, known.tag_has, known.tag_lacks) for known in entries}
        assert len(conditions) == len(entries), name


def test_a_mount_at_its_first_data_directory_holds_the_data_of_every_entry() -> None:
    for known in all_entries():
        if known.data_directories:
            target = known.data_directories[0].replace("{name}", "x")
            assert holds(target, data_directories(known, {}, ("unrelated",))) == "holds" or "{name}" in str(known)


def test_a_directory_identifies_one_family() -> None:
    for path, numbers in identifying_directories().items():
        assert len({entry(number).family for number in numbers}) == 1, path


def test_the_applications_of_self_hosting_are_known_by_name() -> None:
    applications = [known for known in all_entries() if known.kind == "application" and known.data_directories]
    assert len(applications) > 300
    assert sum(known.verified for known in applications) > 250


@pytest.mark.parametrize(
    ("image", "directory"),
    [
        ("louislam/uptime-kuma:1", "/app/data"),
        ("ghcr.io/dani-garcia/vaultwarden:latest", "/data"),
        ("docker.n8n.io/n8nio/n8n", "/home/node/.n8n"),
        ("lscr.io/linuxserver/sonarr:latest", "/config"),
        ("cr.hotio.dev/hotio/radarr", "/config"),
        ("codeberg.org/forgejo/forgejo:9", "/data"),
        ("docker.gitea.com/gitea:1.23", "/data"),
        ("quay.io/keycloak/keycloak:26.0", "/opt/keycloak/data"),
        ("jenkins/jenkins:lts", "/var/jenkins_home"),
        ("sonarqube:community", "/opt/sonarqube/data"),
        ("sissbruecker/linkding", "/etc/linkding/data"),
        ("portainer/portainer-ce:alpine", "/data"),
        ("jc21/nginx-proxy-manager", "/data"),
        ("ghcr.io/paperless-ngx/paperless-ngx", "/usr/src/paperless/data"),
        ("registry.gitlab.com/crafty-controller/crafty-4", "/crafty/app/config"),
        ("donaldzou/wgdashboard:v4.3.3", "/data"),
        ("datarhei/restreamer:2.12.0", "/core/config"),
        ("mindsdb/mindsdb:v25.7.4.0", "/root/mdb_storage"),
        ("rancher/rancher:v2.11.2", "/var/lib/rancher"),
        ("znc:1.10", "/znc-data"),
    ],
)
def test_a_well_known_application_is_verified_to_keep_its_state_there(image: str, directory: str) -> None:
    found = entries_for(Image.parse(image))
    assert any(directory in known.data_directories and known.verified for known in found)


@pytest.mark.parametrize(
    ("image", "target"),
    [
        ("ghcr.io/home-assistant/home-assistant:stable", "/config"),
        ("authelia/authelia", "/config"),
        ("matrixdotorg/synapse", "/data"),
        ("crowdsecurity/crowdsec", "/etc/crowdsec"),
        ("linuxserver/an-application-that-nobody-described", "/config"),
    ],
)
def test_state_that_lies_beside_configuration_is_marked(image: str, target: str) -> None:
    (known,) = entries_for(Image.parse(image))
    assert target in known.data_directories
    assert known.hand_edited


@pytest.mark.parametrize(
    ("image", "target"),
    [
        ("jc21/nginx-proxy-manager", "/etc/letsencrypt"),
        ("grafana/grafana", "/etc/grafana/provisioning"),
        ("grafana/grafana", "/var/lib/grafana/dashboards"),
        ("linuxserver/sonarr", "/tv"),
        ("jellyfin/jellyfin", "/media/films"),
        ("deluan/navidrome", "/music"),
        ("quay.io/keycloak/keycloak", "/opt/keycloak/data/import"),
        ("ghcr.io/paperless-ngx/paperless-ngx", "/usr/src/paperless/consume"),
        ("traefik:v3", "/letsencrypt"),
        ("caddy:2", "/data"),
        ("gethomepage/homepage", "/app/config"),
        ("datarhei/restreamer", "/core/data"),
        ("postgres:16", "/etc/postgresql/postgresql.conf"),
    ],
)
def test_what_an_application_reads_is_never_its_data(image: str, target: str) -> None:
    found = entries_for(Image.parse(image))
    assert found
    assert all(never_converted(known, target) for known in found)
