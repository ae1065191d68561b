"""What a mount's target says by itself, for an image that volfix does not know."""

from __future__ import annotations

import pytest

from volfix.knowledge.images import Image
from volfix.knowledge.lookup import entries_for
from volfix.knowledge.tables import HERE, parsed
from volfix.knowledge.targets import never_converted, state_like

TARGETS = parsed((HERE / "targets.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "target",
    [
        "/docker-entrypoint-initdb.d",
        "/docker-entrypoint-initdb.d/init.sql",
        "/container-entrypoint-initdb.d/01.sh",
        "/etc/localtime",
        "/etc/nginx/conf.d",
        "/etc/letsencrypt/live",
        "/var/run/docker.sock",
        "/run/dbus",
        "/proc",
        "/sys/fs/cgroup",
        "/dev/ttyUSB0",
        "/lib/modules",
        "/usr/share/nginx/html",
        "/usr/local/etc/redis/redis.conf",
        "/usr/local/apache2/htdocs",
        "/var/log/app",
        "/app/logs",
        "/certs",
        "/app/certs",
        "/app/config.yml",
        "/data/settings.json",
        "/app/nginx.conf",
        "/run/secrets/password",
        "/media/films",
        "/music",
        "/downloads/complete",
        "/backups",
        "/backup/daily",
        "/app/node_modules",
        "/app/templates",
        "/root/.ssh",
        "/root/.m2",
        "/home/user/.cache",
        "/var/lib/docker/volumes",
        "/host/etc",
        "/mnt/media",
        "/opt/airflow/dags",
        "/",
        "/app",
        "/app/",
        "/usr/src/app",
        "/var/www/html",
        "/var/www/html/database",  # migrations and seeders lie there
        "/code",
        "/workspace",
        "/var/lib",
        "/home",
        "/home/node",
        "/app/src",
        "/app/prisma",
    ],
)
def test_configuration_code_and_the_host_s_paths_are_never_a_database(target: str) -> None:
    assert never_converted(None, target)
    assert not state_like(target)


@pytest.mark.parametrize(
    "target",
    [
        "/data",
        "/data/",
        "/app/data",
        "/app/db",
        "/app/backend/data",
        "/usr/src/app/data",
        "/code/data",
        "/var/www/html/data",
        "/var/www/html/storage",
        "/config",
        "/db",
        "/database",
        "/storage",
        "/pb_data",
        "/shop_data",
        "/shop-data",
        "/selfoss/data",
        "/opt/traggo/data",
        "/var/lib/gladysassistant",
        "/var/opt/memos",
        "/rails/storage",
        "/root/.flowise",
        "/home/node/.n8n",
        "/home/app/.local/share/app",
        "/app/instance",
        "/home/koyomi/lanraragi/database",
        "/usr/share/shop/inner/db",
        "/mnt/shop/pb_data",
        "/opt/a/b/c/sqlite",
    ],
)
def test_an_unknown_image_most_likely_keeps_its_state_there(target: str) -> None:
    assert state_like(target)
    assert not never_converted(None, target)


@pytest.mark.parametrize(
    "target",
    [
        "/app/config",
        "/srv",
        "/x",
        "/etc/shop/db",
        "/backup/database",
        "/mydb",
        "/app/databases-of-old",
        "/opt/tool",
        "/app/uploads",
        "/work/in",
        "/mnt/share",
        "/notes",
        "/data.txt",
    ],
)
def test_other_places_say_nothing(target: str) -> None:
    assert not state_like(target)


@pytest.mark.parametrize("target", ["/app/data", "/usr/src/app/db", "/var/www/html/data", "/code/instance", "/app/db"])
def test_a_directory_for_data_below_the_code_is_not_the_code(target: str) -> None:
    assert not never_converted(None, target)


@pytest.mark.parametrize("target", ["/configuration-of-app", "/etcetera", "/devices", "/prod", "/apple", "/running"])
def test_a_name_that_only_begins_alike_is_another_name(target: str) -> None:
    assert not never_converted(None, target)


@pytest.mark.parametrize(
    ("image", "target", "never"),
    [
        ("sissbruecker/linkding", "/etc/linkding/data", False),
        ("pihole/pihole", "/etc/pihole", False),
        ("pihole/pihole", "/etc/dnsmasq.d", True),
        ("dxflrs/garage", "/var/lib/garage/meta", False),
        ("wg-easy/wg-easy", "/lib/modules", True),
        ("nextcloud", "/var/www/html", False),
        ("nextcloud", "/var/www/html/config", False),
        ("wordpress", "/var/www/html", True),
        ("confluentinc/cp-zookeeper", "/var/lib/zookeeper/log", False),
        ("mysql:8", "/docker-entrypoint-initdb.d", True),
        ("mysql:8", "/etc/mysql/conf.d/my.cnf", True),
        ("mysql:8", "/var/lib/mysql", False),
    ],
)
def test_the_image_s_own_data_directory_goes_before_every_list(image: str, target: str, never: bool) -> None:
    for known in entries_for(Image.parse(image)):
        assert never_converted(known, target) is never


@pytest.mark.parametrize("key", ["never", "code", "state"])
def test_every_pattern_is_a_clean_path_or_a_name(key: str) -> None:
    patterns = TARGETS[key]
    assert len(set(patterns)) == len(patterns)
    for pattern in patterns:
        assert pattern == "/" or not pattern.endswith("/")
        assert pattern.startswith("/") or "/" not in pattern


def test_no_pattern_for_state_is_always_overruled() -> None:
    for pattern in TARGETS["state"]:
        if "*" not in pattern:
            assert not never_converted(None, pattern), pattern
