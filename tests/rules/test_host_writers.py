"""Given a command on the host that writes the old place or asks for it, the fix is unsafe and names the line; readers are evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding

BLOG = "services:\n  ghost:\n    image: ghost:5\n    volumes: ['./data/blog:/var/lib/ghost/content']\n"
PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['./data:/var/lib/postgresql/data']\n"
SQLITE = (
    "services:\n  app:\n    build: .\n    environment: {DATABASE_URL: 'sqlite:////app/data/app.db'}\n"
    "    volumes: ['./data:/app/data']\n"
)
FILE = (
    "services:\n  app:\n    build: .\n    environment: {DATABASE_URL: 'sqlite:////app/app.db'}\n"
    "    volumes: ['./app.db:/app/app.db']\n"
)
PYTHON = {
    "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY main.py .\n",
    "requirements.txt": "sqlalchemy==2.0.36\n",
}


def laid(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def moved(directory: Path, files: dict[str, str], codes: tuple[str, ...] = ("VF101", "VF102", "VF103")) -> Finding:
    plan = volfix.plan(laid(directory, files), unsafe_fixes=True)
    (found,) = [each for each in plan.findings if each.code in codes]
    assert found.fix is not None, found.reason
    return found


WRITERS = {
    "rsync": ('rsync -a "$1/data/" "${PWD}/data/"', "`rsync` writes ./data"),
    "cp": ("cp -r backup/. ./data/", "`cp` writes ./data"),
    "cp -t": ("cp -t data seed.db", "`cp` writes ./data"),
    "install": ("install -m 600 seed.db data/app.db", "`install` writes ./data"),
    "ln": ("ln -sfn /mnt/disk data", "`ln` writes ./data"),
    "aws": ("aws s3 sync s3://bucket ./data --profile shop", "`aws` writes ./data"),
    "gsutil": ("gsutil -m rsync -r gs://bucket data/", "`gsutil` writes ./data"),
    "s3cmd": ("s3cmd get --recursive s3://bucket/rows/ ./data/", "`s3cmd` writes ./data"),
    "mv there": ("mv /tmp/dump data/app.db", "`mv` writes ./data"),
    "mv away": ("mv data data.old", "`mv` writes ./data"),
    "tar": ("tar -xzf backup.tgz -C ./data", "`tar` writes ./data"),
    "tar without a dash": ("tar xzf backup.tgz -C data", "`tar` writes ./data"),
    "tar in the directory": ("cd data && tar xf ../backup.tar", "`tar` writes ./data"),
    "unzip": ("unzip -o backup.zip -d data", "`unzip` writes ./data"),
    "tee": ("echo 1 | sudo tee data/version", "`tee` writes ./data"),
    "a redirection": ("zcat seed.gz > data/app.db", "`zcat` writes ./data"),
    "a redirection of a group": ("{ echo a; cat b; } >> data/log", "`echo` writes ./data"),
    "a here-document": ("cat <<EOF >data/x\na\nEOF", "`cat` writes ./data"),
    "touch": ("mkdir -p data && touch data/app.db", "`touch` writes ./data"),
    "truncate": ("truncate -s 0 ./data/app.db", "`truncate` writes ./data"),
    "sed": ("sed -i.bak s/a/b/ data/x", "`sed` writes ./data"),
    "dd": ("dd if=/dev/zero of=data/app.db count=1", "`dd` writes ./data"),
    "gunzip": ("gunzip data/app.db.gz", "`gunzip` writes ./data"),
    "curl": ("curl -fsSo data/app.db https://example.org/app.db", "`curl` writes ./data"),
    "wget": ("wget -P data https://example.org/app.db", "`wget` writes ./data"),
    "git": ("git clone https://example.org/rows data/rows", "`git` writes ./data"),
    "docker cp": ("docker cp old:/data/app.db ./data/app.db", "`docker` writes ./data"),
    "docker run": ("docker run --rm -v $PWD/data:/data alpine sh -c 'rm /data/x'", "`docker` may write ./data"),
    "docker run --mount": ("docker run --mount type=bind,src=./data,dst=/d alpine", "`docker` may write ./data"),
    "a statement": ('sqlite3 ./data/app.db "INSERT INTO users VALUES (1)"', "`sqlite3` writes ./data"),
    "a script of SQLite's": ("sqlite3 data/app.db '.read schema.sql'", "`sqlite3` writes ./data"),
    "statements from a file": ("sqlite3 data/app.db < schema.sql", "`sqlite3` writes ./data"),
    "statements from a command": ("zcat dump.gz | sqlite3 data/app.db", "`sqlite3` writes ./data"),
    "a program of one's own": ("python scripts/import.py --db ./data/app.db", "`python` may write ./data"),
    "by a variable": ('DB=./data\ncp -r backup/. "$DB/"', "`cp` writes ./data"),
    "by the script's directory": ('cd "$(dirname "$0")" && cp x data/', "`cp` writes ./data"),
    "in a function": ('restore() { cp "$1" data/app.db; }\nrestore x', "`cp` writes ./data"),
    "on the server": ("ssh host 'cd /srv/app && cp seed.db ./data/'", "`cp` writes ./data"),
    "in another shell": ("bash -c 'cp seed.db ./data/'", "`cp` writes ./data"),
}
TESTS = {
    "[ -f": ("[ -f ./data/app.sqlite ] || exit 1", "`[` asks for ./data"),
    "[[ -d": ("if [[ ! -d data/base ]]; then exit 1; fi", "`[[` asks for ./data"),
    "test": ("test -s data/app.db && docker compose up -d", "`test` asks for ./data"),
    "while": ("while [ ! -e data/ready ]; do sleep 1; done", "`[` asks for ./data"),
    "ls ||": ("ls data/app.db || exit 1", "`ls` asks for ./data"),
    "if stat": ("if stat data/app.db >/dev/null 2>&1; then echo there; fi", "`stat` asks for ./data"),
    "tar ||": ("tar czf b.tgz ./data || exit 1", "`tar` asks for ./data"),
}


DISTURBING: dict[str, tuple[str, str]] = {**WRITERS, **TESTS}


@pytest.mark.parametrize(("line", "said"), DISTURBING.values(), ids=DISTURBING)
def test_a_script_that_writes_or_asks(line: str, said: str, tmp_path: Path) -> None:
    found = moved(tmp_path, {"compose.yaml": PG, "migrate.sh": f"#!/bin/sh\nset -e\n{line}\n"})
    assert found.fix is not None
    assert found.fix.applicability is Applicability.UNSAFE
    numbers = range(3, 4 + line.count("\n"))
    assert any(f"migrate.sh, line {number}: {said} on the host" in (found.reason or "") for number in numbers)
    assert not volfix.plan(tmp_path, select=("VF101",)).edits


READERS = {
    "tar": "tar czf x.tgz ./data",
    "tar and then": "tar czf x.tgz ./data && aws s3 cp x.tgz s3://b/",
    "tar with a directory": "tar -czf x.tgz -C ./data .",
    "cp": "cp ./data/app.db backups/",
    "cp -t": "cp -t backups data/app.db",
    "rsync": "rsync -a --exclude '*.tmp' data/ nas:/rows/",
    "scp": "scp -r data host:rows",
    "ln": "ln -s $PWD/data /srv/rows",
    "cat": "cat data/log",
    "ls": "ls -la data",
    "ls that may fail": "ls data || true",
    "du": "du -sh ./data | tail -1",
    "find": "find ./data -name '*.log'",
    "gzip to elsewhere": "gzip -c data/app.db > backups/app.db.gz",
    "sed": "sed -n 1p data/log",
    "zip": "zip -r rows.zip data",
    "restic": "restic backup ./data",
    "borg": "borg create /b::1 ./data",
    "aws": "aws s3 sync ./data s3://bucket",
    "gcloud": "gcloud storage cp -r ./data gs://bucket",
    "rclone": "rclone copy ./data remote:rows",
    "a dump": "sqlite3 ./data/app.db .dump > dump.sql",
    "a backup": 'sqlite3 ./data/app.db ".backup rows.db"',
    "a query": "sqlite3 ./data/app.db 'SELECT count(*) FROM users'",
    "mkdir": "mkdir -p ./data",
    "rm": "rm -rf ./data",
    "chown for an image that does it itself": "chown -R 999:999 ./data",
    "docker cp": "docker cp ./data/x new:/x",
    "docker run for reading": "docker run --rm -v $PWD/data:/data:ro -v $PWD/b:/b alpine tar czf /b/x /data",
    "docker run --mount for reading": "docker run --mount type=bind,source=./data,target=/d,readonly alpine",
    "docker compose": "docker compose -f compose.yaml exec db test -f ./data/x",
    "echo": "echo ./data is kept",
    "a comment": "# cp x ./data/",
    "what only sounds alike": "cp x ./data-old/; cp x src/data; cp x /data/; touch data.txt; cp x mydata/",
    "elsewhere": "cd /opt/other && cp x /opt/other/data/",
    "what is left out": "black --exclude ./data . ; prettier --ignore-path ./data/x .",
}


@pytest.mark.parametrize("line", READERS.values(), ids=READERS)
def test_a_script_that_reads(line: str, tmp_path: Path) -> None:
    found = moved(tmp_path, {"compose.yaml": PG, "backup.sh": f"#!/bin/sh\n{line}\n"})
    assert found.reason is None
    assert found.fix is not None
    assert found.fix.applicability is Applicability.SAFE


PLACES = {
    "a script in a directory": (
        {"scripts/migrate.sh": "#!/bin/sh\nrsync -a x/ ./data/\n"},
        "scripts/migrate.sh, line 2",
    ),
    "a function that another script calls": (
        {
            "lib.sh": 'restore() {\n  cp "$1" ./data/app.db\n}\nfunction note { echo ok; }\n',
            "deploy.sh": "#!/bin/sh\n. ./lib.sh\nrestore x\n",
        },
        "lib.sh, line 2",
    ),
    "from that directory": ({"scripts/migrate.sh": "#!/bin/sh\nrsync -a x/ ../data/\n"}, "scripts/migrate.sh, line 2"),
    "a script without a suffix": ({"bin/migrate": "#!/usr/bin/env bash\ncp x data/app.db\n"}, "bin/migrate, line 2"),
    "a workflow": (
        {
            ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    steps:\n      - run: '[ -f ./data/app.sqlite ] || exit 1'\n"
        },
        ".github/workflows/ci.yml, line 5",
    ),
    "GitLab": ({".gitlab-ci.yml": "restore:\n  script:\n    - cp x data/app.db\n"}, ".gitlab-ci.yml, line 3"),
    "Drone": (
        {
            ".drone.yml": "kind: pipeline\ntype: exec\nname: a\nsteps:\n  - name: a\n    commands:\n      - test -d data\n"
        },
        ".drone.yml, line 7",
    ),
    "make": ({"Makefile": "D := ./data\nrestore:\n\t@cp x $(D)/app.db\n"}, "Makefile, line 3"),
    "a prerequisite": ({"Makefile": "up: data/app.db\n\tdocker compose up -d\n"}, "Makefile, line 1"),
    "a target": ({"Makefile": "data/app.db:\n\tpython seed.py\n"}, "Makefile, line 1"),
    "just": ({"justfile": "restore:\n    cp x data/app.db\n"}, "justfile, line 2"),
    "npm": ({"package.json": '{"scripts": {"seed": "sqlite3 data/app.db < seed.sql"}}'}, "package.json, line 1"),
    "cron": ({"ops/nightly.cron": "0 3 * * * root cp /x/app.db data/\n"}, "ops/nightly.cron, line 1"),
    "Jenkins": ({"Jenkinsfile": "stage('a') {\n  sh 'cp x data/app.db'\n}\n"}, "Jenkinsfile, line 2"),
}


@pytest.mark.parametrize(("files", "place"), PLACES.values(), ids=PLACES)
def test_where_the_command_stands(files: dict[str, str], place: str, tmp_path: Path) -> None:
    found = moved(tmp_path, {"compose.yaml": PG, **files})
    assert place in (found.reason or "")


OTHERS = {
    "an application's state": ({"compose.yaml": BLOG}, 'rsync -a "$1/content/" "${PWD}/data/blog/"', "VF102"),
    "a file that is mounted alone": ({"compose.yaml": FILE, **PYTHON}, "sqlite3 app.db < seed.sql", "VF103"),
    "a file that somebody asks for": ({"compose.yaml": FILE, **PYTHON}, "[ -s app.db ] || exit 1", "VF103"),
    "an application of one's own": ({"compose.yaml": SQLITE, **PYTHON}, "cp seed.db data/app.db", "VF101"),
    "whose directory another user gets": (
        {"compose.yaml": SQLITE.replace("build: .", "image: acme/app:1")},
        "chown -R 1000 data",
        "VF101",
    ),
}


@pytest.mark.parametrize(("files", "line", "code"), OTHERS.values(), ids=OTHERS)
def test_every_rule_that_moves_a_bind_mount(files: dict[str, str], line: str, code: str, tmp_path: Path) -> None:
    found = moved(tmp_path, {**files, "scripts/move.sh": f"#!/bin/sh\n{line}\n"})
    assert found.code == code
    assert "scripts/move.sh, line 2" in (found.reason or "")


INSIDE = {
    "another owner of a directory that root uses": {"deploy.sh": "#!/bin/sh\nmkdir -p data\nchmod 777 ./data\n"},
    "an entry point": {
        "Dockerfile": PYTHON["Dockerfile"] + "COPY start.sh .\nCMD ./start.sh\n",
        "start.sh": "#!/bin/sh\n[ -f ./data/app.db ] || python seed.py --db ./data/app.db\nexec python main.py\n",
    },
    "an entry point by its name": {"docker-entrypoint.sh": "#!/bin/sh\nmkdir -p data; touch data/app.db\n"},
    "a command of the Compose file": {
        "compose.yaml": SQLITE.replace("    build: .\n", "    build: .\n    command: ./run.sh\n"),
        "run.sh": "#!/bin/sh\n[ -f ./data/app.db ] || touch ./data/app.db\n",
    },
    "an npm script that the image starts": {
        "Dockerfile": PYTHON["Dockerfile"] + 'CMD ["npm", "run", "start"]\n',
        "package.json": '{"scripts": {"prestart": "[ -f ./data/app.db ] || touch ./data/app.db", "start": "node x.js"}}',
    },
    "an application that npm starts": {"package.json": '{"scripts": {"dev": "node x.js --db ./data/app.db"}}'},
    "documentation": {"README.md": "Restore with\n\n    cp backup.db ./data/app.db\n"},
    "another project's directory": {
        "other/compose.yaml": "services: {web: {image: nginx}}\n",
        "other/seed.sh": "#!/bin/sh\ncp x ./data/app.db\n",
    },
}


@pytest.mark.parametrize("files", INSIDE.values(), ids=INSIDE)
def test_what_runs_elsewhere_leaves_the_fix_safe(files: dict[str, str], tmp_path: Path) -> None:
    found = moved(tmp_path, {"compose.yaml": SQLITE, **PYTHON, **files})
    assert found.reason is None


def test_more_files_with_commands_than_are_searched_make_a_fix_unsafe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files after the last that is searched may write to the directory; documents do not."""
    monkeypatch.setattr("volfix.project.commands.host_users.MOST", 2)
    files = {"compose.yaml": PG, **{f"docs/{name}.md": "text\n" for name in "abcd"}}
    assert moved(tmp_path / "documents", files).applicability is Applicability.SAFE
    files |= {f"{name}.sh": "ls\n" for name in "abc"}
    finding = moved(tmp_path / "scripts", files)
    assert finding.applicability is Applicability.UNSAFE
    assert "more than 3000 files may use ./data on the host: volfix searches no more" in (finding.reason or "")
