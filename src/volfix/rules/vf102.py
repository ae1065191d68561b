"""VF102: an application's embedded database on a bind mount."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.evidence.held_data import APPLICATION, UNKNOWN
from volfix.rules.findings import Finding
from volfix.rules.remedies.bind_findings import bind_findings
from volfix.rules.rule import Rule, fixed, fixed_unsafe, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every bind mount that holds an application's state; a note if volfix does not know the image."""
    yield from bind_findings(context, "VF102", lambda held: held.kind in (APPLICATION, UNKNOWN))


JENKINS = """\
services:
  ci:
    image: registry.local/mirror/jenkins:2.346.1
    volumes:
      - {source}:/var/jenkins_home
"""
GITEA = """\
services:
  gitea:
    image: gitea/gitea:1.22
    environment:
      GITEA__database__DB_TYPE: mysql
    volumes:
      - {source}:/data
"""

RULE = Rule(
    code="VF102",
    name="application-state-on-bind-mount",
    summary="An application's embedded database is on a bind mount.",
    why=(
        "Many applications keep a SQLite, H2 or Bolt database among their files, without any database server. On a "
        "bind mount this database is lost when the checkout is replaced."
    ),
    fix=(
        "The same as VF101's fix. Unsafe where people edit files in the directory by hand. If volfix does not know the"
        " image, the finding is a note without a fix. If the environment names a database server (`DB_TYPE: "
        "postgres`), the directory holds only the application's other files: a note, with an unsafe fix."
    ),
    sources=("coollabsio/coolify: templates", "docker-library/docs", "each entry of the knowledge base names its own"),
    examples=(
        fixed(
            "a password manager's SQLite file",
            {
                "compose.yaml": """\
services:
  vaultwarden:
    image: vaultwarden/server:1.32.0
    volumes:
      - ./vw-data/:/data/
"""
            },
            {
                "compose.yaml": """\
services:
  vaultwarden:
    image: vaultwarden/server:1.32.0
    volumes:
      - vaultwarden-db:/data/

volumes:
  vaultwarden-db:
    driver: local
"""
            },
        ),
        fixed_unsafe(
            "people edit configuration in the directory of the database",
            {
                "compose.yaml": """\
services:
  home:
    image: ghcr.io/home-assistant/home-assistant:stable
    volumes:
      - ./config:/config
"""
            },
            {
                "compose.yaml": """\
services:
  home:
    image: ghcr.io/home-assistant/home-assistant:stable
    volumes:
      - home-db:/config

volumes:
  home-db:
    driver: local
"""
            },
        ),
        fixed_unsafe(
            "the database is on a server: this directory holds only the repositories",
            {"compose.yaml": GITEA.format(source="./gitea")},
            {"compose.yaml": GITEA.format(source="gitea-db") + "\nvolumes:\n  gitea-db:\n    driver: local\n"},
        ),
        fixed_unsafe(
            "an application's image from a private registry",
            {"compose.yaml": JENKINS.format(source="./jenkins")},
            {"compose.yaml": JENKINS.format(source="ci-db") + "\nvolumes:\n  ci-db:\n    driver: local\n"},
        ),
        reported(
            "an image that volfix does not know, mounted where state usually is",
            {
                "compose.yaml": """\
services:
  thing:
    image: example.org/acme/thing:4
    volumes:
      - ./data:/data
"""
            },
        ),
        untouched(
            "media, exchange directories and sockets beside the state",
            {
                "compose.yaml": """\
services:
  jellyfin:
    image: jellyfin/jellyfin:10.10.3
    volumes:
      - state:/config
      - ./films:/media
      - /etc/localtime:/etc/localtime:ro
      - /var/run/docker.sock:/var/run/docker.sock
volumes:
  state:
"""
            },
        ),
        untouched(
            "a dashboard's provisioning",
            {
                "compose.yaml": """\
services:
  grafana:
    image: grafana/grafana:11.3.0
    volumes:
      - grafana:/var/lib/grafana
      - ./provisioning:/etc/grafana/provisioning
volumes:
  grafana: {}
"""
            },
        ),
        untouched(
            "a web server, which keeps no data",
            {
                "compose.yaml": """\
services:
  web:
    image: nginx:1.27
    volumes:
      - ./site:/usr/share/nginx/html
"""
            },
        ),
        untouched(
            "one configuration file, mounted into the volume",
            {
                "compose.yaml": """\
services:
  home:
    image: ghcr.io/home-assistant/home-assistant:stable
    volumes:
      - state:/config
      - ./configuration.yaml:/config/configuration.yaml
volumes:
  state:
"""
            },
        ),
        untouched(
            "a backup tool that only reads another service's data",
            {
                "compose.yaml": """\
services:
  backup:
    image: example.org/acme/backup:1
    volumes:
      - ./vw-data:/data:ro
"""
            },
        ),
        untouched(
            "a monitor that mounts the host's file systems",
            {
                "compose.yaml": """\
services:
  exporter:
    image: prom/node-exporter:v1.8.2
    volumes:
      - /proc:/host/proc
      - /sys:/host/sys
      - /:/rootfs
"""
            },
        ),
    ),
    check=check,
)
