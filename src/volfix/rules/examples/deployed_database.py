"""A database in a named volume, and the Drone pipeline that deploys it: the rules about pipelines vary both."""

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"
PIPELINE = """\
kind: pipeline
type: docker
name: deploy
steps:
  - name: deploy
    image: docker:27-cli
    volumes:
      - name: socket
        path: /var/run/docker.sock
    commands:
      - docker compose -p shop up -d
volumes:
  - name: socket
    host:
      path: /var/run/docker.sock
"""
