"""Given how a service of an engine's image starts, every rule agrees whether the service is the server.

Each start goes through six stacks: nothing mounted (VF105), a volume above the data (VF106), the data on a bind mount
(VF101), in memory (VF107), in one volume of two services (VF110), in a volume of a service that is not root (VF111).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding, Severity

SERVER, CLIENT, UNKNOWN = "server", "client", "unknown"
PG, MY, MARIA, MONGO, REDIS = "postgres:17", "mysql:8.4", "mariadb:11", "mongo:7", "redis:7"
MINIO, COCKROACH = "minio/minio:RELEASE.2024-01-01", "cockroachdb/cockroach:v23.1.0"
DATA = {
    PG: "/var/lib/postgresql/data",
    MY: "/var/lib/mysql",
    MARIA: "/var/lib/mysql",
    MONGO: "/data/db",
    REDIS: "/data",
    MINIO: "/data",
    COCKROACH: "/cockroach/cockroach-data",
}
ABOVE = {PG: "/var/lib/postgresql", MONGO: "/data"}
"""Directories above one that the image declares as a volume: a mount there holds nothing."""


@dataclass(frozen=True)
class Start:
    """How a service of the image starts: its keys in the Compose file, or what follows FROM in its Dockerfile.

    `files` lie beside the Compose file, `mount` is where the service has some of them.
    """

    image: str
    entrypoint: object = None
    command: object = None
    dockerfile: str | None = None
    mount: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def service(self, *volumes: str, **keys: object) -> dict[str, object]:
        image: dict[str, object] = {"image": self.image} if self.dockerfile is None else {"build": "."}
        mounts = [*volumes, *([self.mount] if self.mount else [])]
        starts = {"entrypoint": self.entrypoint, "command": self.command}
        starts = {key: value for key, value in starts.items() if value is not None}
        return image | starts | {"volumes": mounts, "environment": self.environment} | keys

    def stacks(self) -> dict[str, dict[str, dict[str, object]]]:
        """The services of each stack, by the code of the finding that a server has there."""
        data = DATA[self.image]
        found = {
            "VF105": {"db": self.service()},
            "VF101": {"db": self.service(f"./rows:{data}")},
            "VF107": {"db": self.service(tmpfs=[data])},
            "VF110": {"one": self.service(f"rows:{data}"), "two": self.service(f"rows:{data}")},
            "VF111": {"db": self.service(f"rows:{data}", user="1234")},
        }
        if self.image in ABOVE:
            found["VF106"] = {"db": self.service(f"rows:{ABOVE[self.image]}")}
        return found

    def write(self, directory: Path) -> None:
        for code, services in self.stacks().items():
            place = directory / code
            place.mkdir(parents=True)
            text = json.dumps({"services": services, "volumes": {"rows": {"driver": "local"}}})
            (place / "compose.yaml").write_text(text.replace("$", "$$"))
            if self.dockerfile is not None:
                (place / "Dockerfile").write_text(f"FROM {self.image}\n{self.dockerfile}\n")
            for name, content in self.files.items():
                (place / name).parent.mkdir(exist_ok=True)
                (place / name).write_text(content)


WAITS = "#!/bin/sh\nset -e\nuntil nc -z vault 8200; do sleep 1; done\n"
ENDLESS = "while true; do %s; sleep 86400; done"
SERVERS = {
    # what the image says itself, flags, and the server by its name
    "no command": Start(PG),
    "flags": Start(MARIA, command=["--character-set-server=utf8mb4"]),
    "flags of a scalar": Start(PG, command="-c shared_buffers=256MB -c max_connections=200"),
    "the server": Start(MONGO, command=["mongod", "--replSet", "rs0"]),
    "a server called otherwise than its image": Start(MARIA, command="mysqld --innodb-flush-method=fsync"),
    "a server by its path": Start(MONGO, entrypoint=["/usr/bin/mongod"], command=["--bind_ip_all"]),
    "a subcommand": Start(MINIO, command=["server", "/data", "--console-address", ":9001"]),
    "a program with a subcommand": Start(MINIO, entrypoint="minio server /data"),
    "the entry point by its path": Start(MY, entrypoint=["/usr/local/bin/docker-entrypoint.sh"], command=["mysqld"]),
    "an empty entry point": Start(PG, entrypoint=[], command=["postgres", "-D", DATA[PG]]),
    # shells
    "exec in a shell": Start(MONGO, ["bash", "-c", "exec docker-entrypoint.sh mongod --replSet rs0"]),
    "exec in a shell in a scalar": Start(REDIS, command="sh -c 'exec redis-server --appendonly yes'"),
    "a shell that fixes rights first": Start(
        PG, command=["bash", "-ec", "chown -R 999 /certs && exec postgres -c ssl=on"]
    ),
    "the words of the command": Start(
        MY,
        ["/bin/sh", "-c", 'cp /seed.sql /docker-entrypoint-initdb.d; exec docker-entrypoint.sh mysqld "$@"', "--"],
        ["--skip-log-bin"],
    ),
    "the server in the background": Start(
        MONGO, command=["sh", "-c", "mongod --replSet rs0 & sleep 5; mongosh --eval 'rs.initiate()'; wait"]
    ),
    "a client in the background": Start(
        MINIO,
        ["/bin/sh", "-c", "(until mc alias set x http://localhost:9000; do sleep 1; done) & exec minio server /data"],
    ),
    "a variable of the service": Start(PG, command=["sh", "-c", "exec $RUN"], environment={"RUN": "postgres"}),
    "a replica that copies first": Start(
        PG, command=["bash", "-c", f"until pg_basebackup -D {DATA[PG]} -h primary; do sleep 1; done; exec postgres"]
    ),
    "a condition": Start(REDIS, command=["sh", "-c", "if [ -f /c ]; then exec redis-server /c; else redis-server; fi"]),
    # programs that run others
    "tini": Start(PG, ["tini", "--", "docker-entrypoint.sh"], ["postgres"]),
    "dumb-init with a signal": Start(MONGO, ["dumb-init", "-r", "15:2", "--", "mongod"]),
    "gosu": Start(MY, ["gosu", "mysql", "mysqld"]),
    "su-exec": Start(PG, ["su-exec", "postgres", "postgres"]),
    "setpriv": Start(PG, ["setpriv", "--reuid", "999", "--init-groups", "postgres"]),
    "env": Start(REDIS, ["env", "A=b", "redis-server"]),
    "nice in a shell": Start(MONGO, command=["sh", "-c", "exec nice -n 10 mongod --bind_ip_all"]),
    "timeout": Start(REDIS, ["timeout", "-s", "INT", "3600", "redis-server"]),
    "numactl": Start(MONGO, ["numactl", "--interleave=all", "mongod"]),
    "s6": Start(MARIA, ["s6-setuidgid", "mysql", "mariadbd"]),
    "su with a text": Start(PG, ["su", "postgres", "-c", f"postgres -D {DATA[PG]}"]),
    "su without a shell": Start(PG, ["runuser", "-u", "postgres", "--", "postgres"]),
    "wait-for-it": Start(PG, ["wait-for-it.sh", "vault:8200", "--", "docker-entrypoint.sh", "postgres"]),
    "wait-for-it as command": Start(MY, command=["./wait-for-it.sh", "-t", "60", "vault:8200", "--", "mysqld"]),
    "dockerize": Start(MONGO, command=["dockerize", "-wait", "tcp://vault:8200", "-timeout", "60s", "mongod"]),
    "several": Start(PG, ["tini", "-g", "--", "env", "TZ=UTC", "gosu", "postgres", "docker-entrypoint.sh", "postgres"]),
    # scripts of the repository
    "a script in a mounted directory": Start(
        PG,
        ["/init/wait.sh"],
        mount="./init:/init:ro",
        files={"init/wait.sh": f"{WAITS}exec docker-entrypoint.sh postgres\n"},
    ),
    "a script that runs what it is given": Start(
        MONGO,
        ["/start.sh"],
        ["mongod", "--replSet", "rs0"],
        mount="./s/start.sh:/start.sh",
        files={"s/start.sh": f'{WAITS}exec "$@"\n'},
    ),
    "a script that a shell is given": Start(
        REDIS, command=["sh", "/opt/run"], mount="./opt:/opt", files={"opt/run": "umask 077\nexec redis-server\n"}
    ),
    "a script that calls another": Start(
        PG,
        ["/init/a.sh"],
        mount="./init:/init",
        files={
            "init/a.sh": '#!/bin/bash\n. "$(dirname "$0")/b.sh"\nexec /init/c.sh\n',
            "init/b.sh": "A=1\n",
            "init/c.sh": "#!/bin/sh\npg_ctl start && tail -f /log\n",
        },
    ),
    "a script in the image": Start(
        PG,
        dockerfile='COPY start.sh /usr/local/bin/\nENTRYPOINT ["start.sh"]',
        files={"start.sh": "#!/bin/sh\nexec docker-entrypoint.sh postgres\n"},
    ),
    # Dockerfiles
    "a Dockerfile that says nothing": Start(PG, dockerfile="RUN apt-get update"),
    "flags in a Dockerfile": Start(MY, dockerfile='CMD ["--skip-name-resolve"]'),
    "the shell form": Start(REDIS, dockerfile="CMD exec redis-server --appendonly yes"),
    "a command over a Dockerfile's": Start(MONGO, command="mongod", dockerfile='CMD ["sleep", "1"]'),
    "the image's entry point beside a copied program": Start(
        MY, dockerfile='COPY tool /usr/local/bin/\nENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]\nCMD ["mysqld"]'
    ),
    "an entry point over a Dockerfile's": Start(MONGO, entrypoint=["mongod"], dockerfile='ENTRYPOINT ["/x.sh"]'),
}
CLIENTS = {
    "a dump": Start(PG, command=["pg_dump", "-h", "db", "-f", "/dumps/all.sql", "shop"]),
    "a dump with the entry point's own name as user": Start(PG, command="pg_dumpall -h db -U postgres"),
    "a client with the engine's name": Start(MY, command=["mysql", "-h", "db", "-e", "select 1"]),
    "another client with the engine's name": Start(MARIA, command="mariadb -h db shop"),
    "migrations": Start(PG, command="psql -h db -v ON_ERROR_STOP=1 -f /migrations/all.sql"),
    "a replica set": Start(MONGO, ["mongosh", "--host", "db", "--eval", "rs.initiate()"]),
    "a replica set in a loop": Start(
        MONGO,
        command=["bash", "-c", "for i in `seq 1 30`; do mongo db/shop --eval 'rs.initiate()' && break; sleep 1; done"],
    ),
    "a monitor": Start(REDIS, command=["redis-cli", "-h", "cache", "monitor"]),
    "a backup in a loop": Start(PG, ["/bin/sh", "-c", ENDLESS % "pg_dump -h db shop | gzip > /dumps/$(date +%F).gz"]),
    "a backup that is sent away": Start(
        MY, ["sh", "-c", ENDLESS % "mysqldump -h db shop > /d/x.sql; aws s3 cp /d/x.sql s3://d"]
    ),
    "cron": Start(PG, ["crond", "-f", "-l", "8"]),
    "cron behind tini": Start(MARIA, ["tini", "--", "supercronic", "/etc/crontab"]),
    "sleep": Start(PG, command=["sleep", "infinity"]),
    "tail": Start(REDIS, entrypoint="tail -f /dev/null"),
    "rights": Start(PG, command=["sh", "-c", f"mkdir -p {DATA[PG]} && chown -R postgres {DATA[PG]}"]),
    "a path and a user are no programs": Start(PG, ["gosu", "postgres", "ls", "/usr/bin/postgres", "postgres"]),
    "a text is no program": Start(MONGO, command=["sh", "-c", "echo mongod; echo 'exec mongod'"]),
    "a version": Start(MY, command=["mysqld", "--version"]),
    "another subcommand": Start(COCKROACH, ["cockroach", "init", "--insecure", "--host=one"]),
    "another subcommand in a shell": Start(MINIO, ["sh", "-c", "mc alias set x http://minio:9000 && mc mb x/files"]),
    "a shell": Start(PG, command=["bash"]),
    "true": Start(REDIS, ["true"]),
    "a wait before a client": Start(PG, ["wait-for-it.sh", "db:5432", "--", "psql", "-h", "db", "-f", "/x.sql"]),
    "a wait for nothing": Start(PG, ["wait-for-it.sh", "db:5432"]),
    "gosu before a client": Start(PG, ["gosu", "postgres", "pg_basebackup", "-h", "db", "-D", "/copy"]),
    "an entry point before a client": Start(PG, ["docker-entrypoint.sh"], ["psql", "-h", "db"]),
    "a script with a dump": Start(
        PG,
        ["/backup.sh"],
        mount="./backup.sh:/backup.sh:ro",
        files={
            "backup.sh": "#!/bin/bash\nset -eo pipefail\npg_dump -h db postgres | gzip > /dumps/x.gz\nfind /dumps -delete\n"
        },
    ),
    "a script that a shell is given": Start(
        MONGO,
        command=["bash", "/s/setup.sh"],
        mount="./s:/s",
        files={"s/setup.sh": "sleep 5\nmongosh --host db <<EOF\nrs.initiate()\nEOF\n"},
    ),
    "a Dockerfile with an entry point": Start(PG, dockerfile='ENTRYPOINT ["pg_dump", "-h", "db"]'),
    "a Dockerfile with a script": Start(
        PG,
        dockerfile='COPY backup.sh /\nCMD ["/backup.sh"]',
        files={"backup.sh": "#!/bin/sh\npg_dump -h db > /dumps/x\n"},
    ),
    "a Dockerfile with cron": Start(MY, dockerfile="RUN apk add dcron\nCOPY crontab /etc/\nCMD crond -f"),
    "a Dockerfile's entry point takes the command away": Start(PG, dockerfile='ENTRYPOINT ["sleep"]', command=["9"]),
    "a command over a Dockerfile's": Start(MONGO, command="mongodump --host db", dockerfile='CMD ["mongod"]'),
}
UNKNOWNS = {
    "a script that is not here": Start(PG, ["/init/wait.sh"]),
    "a script in a directory without it": Start(MONGO, command=["/scripts/go.sh"], mount="./scripts:/scripts"),
    "a script of another language": Start(
        PG, ["/run.py"], mount="./run.py:/run.py", files={"run.py": "#!/usr/bin/python3\nimport os\n"}
    ),
    "a script that calls one that is not here": Start(
        MY, ["/a.sh"], mount="./a.sh:/a.sh", files={"a.sh": "#!/bin/sh\nsleep 5\nexec /opt/b.sh\n"}
    ),
    "a script that a shell is given and nobody sees": Start(REDIS, command=["sh", "/etc/start"]),
    "a client beside such a script": Start(PG, command=["sh", "-c", "pg_isready -h db; /x/go.sh"]),
    "a supervisor": Start(PG, command=["supervisord", "-n"]),
    "an init": Start(MARIA, ["/init"]),
    "a program that nobody knows": Start(MONGO, command=["mongo-wrapper", "--fast"]),
    "a program of a variable": Start(REDIS, command=["sh", "-c", "exec $START"]),
    "an entry point below the working directory that is not here": Start(
        PG, dockerfile='WORKDIR /app\nCOPY . .\nENTRYPOINT ["./entrypoint.sh"]'
    ),
    "an entry point in a copied directory that is not here": Start(
        MONGO, dockerfile='COPY scripts/ /scripts/\nENTRYPOINT ["/scripts/entrypoint.sh"]'
    ),
    "a Dockerfile whose script is not here": Start(
        PG, dockerfile='COPY docker-entrypoint.sh /\nENTRYPOINT ["/docker-entrypoint.sh"]'
    ),
}
STARTS = [
    *((SERVER, name, start) for name, start in SERVERS.items()),
    *((CLIENT, name, start) for name, start in CLIENTS.items()),
    *((UNKNOWN, name, start) for name, start in UNKNOWNS.items()),
]


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, list[Finding]]]:
    """The findings of each stack of each start, by the code that a server has there."""
    root = tmp_path_factory.mktemp("starts")
    for position, (_, _, start) in enumerate(STARTS):
        start.write(root / str(position))
    found: dict[tuple[str, str], dict[str, list[Finding]]] = {
        (role, name): {code: [] for code in start.stacks()} for role, name, start in STARTS
    }
    for finding in volfix.plan(root).findings:
        number, code, *_ = finding.location.path.relative_to(root).parts
        role, name, _ = STARTS[int(number)]
        if finding.code == code:
            found[role, name][code].append(finding)
    return found


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, name, _ in STARTS])
def test_every_rule_agrees(findings: dict[tuple[str, str], dict[str, list[Finding]]], role: str, name: str) -> None:
    found = {code: bool(each) for code, each in findings[role, name].items()}
    counts = {code: role == SERVER or (role == UNKNOWN and code != "VF105") for code in found}
    assert found == counts


def findings_of(directory: Path, service: Mapping[str, object], files: dict[str, str] | None = None) -> list[Finding]:
    """The findings of a stack with one service and the volume `rows`."""
    stack = {"services": {"db": service}, "volumes": {"rows": {"driver": "local"}}}
    (directory / "compose.yaml").write_text(json.dumps(stack))
    for name, content in (files or {}).items():
        (directory / name).write_text(content)
    return list(volfix.plan(directory).findings)


START = '#!/bin/sh\n%s\nexec docker-entrypoint.sh "$@"\n'


@pytest.mark.parametrize(
    ("image", "command", "script", "place"),
    [
        ("mysql:8.4", ["sh", "-c", "exec mysqld --datadir=/elsewhere # --datadir=/no"], "", "/elsewhere"),
        ("mariadb:11", ["/bin/bash", "-ec", "mariadbd --datadir '/elsewhere'"], "", "/elsewhere"),
        ("postgres:17", ["sh", "-c", "export PGDATA=/elsewhere; exec docker-entrypoint.sh postgres"], "", "/elsewhere"),
        ("postgres:17", ["sh", "-c", "PGDATA=/elsewhere docker-entrypoint.sh postgres"], "", "/elsewhere"),
        ("postgres:17", ["env", "PGDATA=/elsewhere", "docker-entrypoint.sh", "postgres"], "", "/elsewhere"),
        ("postgres:17", ["postgres"], "export PGDATA=/elsewhere", "/elsewhere"),
        ("mongo:7", ["mongod"], 'set -- "$@" --dbpath /elsewhere', "/elsewhere"),
        ("redis:7", ["sh", "-c", "redis-cli --dir /no; redis-server --dir /elsewhere"], "", "/elsewhere"),
    ],
)
def test_the_server_keeps_its_data_where_its_own_command_says(
    tmp_path: Path, image: str, command: list[str], script: str, place: str
) -> None:
    service: dict[str, object] = {"image": image, "command": command, "volumes": [f"./rows:{place}"]}
    if script:
        service |= {"entrypoint": ["/start.sh"], "volumes": [f"./rows:{place}", "./start.sh:/start.sh"]}
    found = findings_of(tmp_path, service, {"start.sh": START % script})
    assert [(finding.code, finding.target) for finding in found] == [("VF101", place)]


@pytest.mark.parametrize(
    "text",
    ['redis-server --save "" --appendonly no', "exec redis-server --save '' --appendonly no", "redis-server --save ''"],
)
def test_a_server_that_a_shell_tells_to_keep_nothing_needs_no_volume(tmp_path: Path, text: str) -> None:
    assert findings_of(tmp_path, {"image": "redis:7", "command": ["sh", "-c", text]}) == []


PG_AT = "/var/lib/postgresql/data"
WHY = {
    "db is the server: its command starts mongod": (
        {
            "image": "mongo:7",
            "entrypoint": ["bash", "-c", "exec docker-entrypoint.sh mongod"],
            "volumes": ["rows:/data"],
        },
        "/data does not hold the data of MongoDB: the rows are in an anonymous volume, at /data/db",
        Severity.ERROR,
    ),
    "db is the server: start.sh starts postgres": (
        {
            "image": "postgres:17",
            "entrypoint": "/start.sh postgres",
            "volumes": ["rows:/var/lib/postgresql", "./start.sh:/start.sh"],
        },
        f"/var/lib/postgresql does not hold the data of PostgreSQL: the rows are in an anonymous volume, at {PG_AT}",
        Severity.ERROR,
    ),
    "volfix cannot tell whether /init/wait.sh starts the server: db counts as the server, because it mounts /data": (
        {"image": "mongo:7", "entrypoint": ["/init/wait.sh"], "volumes": ["rows:/data"]},
        "if db is the server, /data does not hold the data of MongoDB, and the rows are in an anonymous volume, at /data/db",
        Severity.WARNING,
    ),
}


@pytest.mark.parametrize("evidence", WHY)
def test_a_finding_says_why_the_service_is_taken_for_the_server(tmp_path: Path, evidence: str) -> None:
    service, message, severity = WHY[evidence]
    (found,) = findings_of(tmp_path, service, {"start.sh": START % ":"})
    assert (found.code, found.danger, found.severity) == ("VF106", message, severity)
    assert evidence in found.evidence


@pytest.mark.parametrize("entrypoint", [["/init/wait.sh"], ["bash", "-c", "exec docker-entrypoint.sh mongod"]])
def test_a_volume_of_one_letter_is_no_volume_and_the_finding_says_so(tmp_path: Path, entrypoint: list[str]) -> None:
    service = {"image": "mongo:7", "entrypoint": entrypoint, "volumes": ["m:/data/db"]}
    (found,) = findings_of(tmp_path, service)
    assert (found.code, found.target) == ("VF105", "/data/db")
    assert "Compose reads m:/data/db as a Windows path: a volume needs a name of two letters or more" in found.evidence


def test_two_services_of_which_one_may_be_a_server_only_may_corrupt_the_data(tmp_path: Path) -> None:
    one, two = ({"image": "postgres:17", "volumes": [f"rows:{PG_AT}"]} for _ in range(2))
    stack = {"one": one, "two": {**two, "entrypoint": ["/opt/copy.sh"]}}
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": stack, "volumes": {"rows": {"driver": "local"}}}))
    found = volfix.plan(tmp_path).findings
    assert [(finding.code, finding.severity) for finding in found] == [("VF110", Severity.WARNING)] * 2
    assert all("may run database servers on one data directory" in finding.danger for finding in found)
    assert all(any("cannot tell whether /opt/copy.sh" in line for line in finding.evidence) for finding in found)


def test_a_job_that_mounts_the_servers_directory_goes_with_it_and_is_named(tmp_path: Path) -> None:
    db = {"image": "postgres:17", "volumes": [f"./rows:{PG_AT}"]}
    job = {"image": "postgres:17", "command": "pg_amcheck -h db", "volumes": [f"./rows:{PG_AT}"]}
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": {"db": db, "job": job}}))
    (found,) = volfix.plan(tmp_path).findings
    assert (found.code, found.service) == ("VF101", "db")
    assert "job runs pg_amcheck, not the server" in found.evidence


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'redis-server --requirepass hunter2'",
        "env REDIS_PASSWORD=hunter2 redis-server",
        "/x.sh hunter2",
        "'/x.sh hunter2'",
    ],
)
def test_no_evidence_shows_a_word_that_may_be_a_password(tmp_path: Path, command: str) -> None:
    found = findings_of(tmp_path, {"image": "redis:7", "command": command, "volumes": ["./rows:/data"]})
    assert found
    assert "hunter2" not in repr([(finding.danger, finding.evidence, finding.reason) for finding in found])


MIRRORS = [
    ("registry.local/mirror/postgres:16", {"POSTGRES_PASSWORD": "x"}, PG_AT),
    ("registry.local:5000/hub/postgres:16", {"PGDATA": PG_AT}, PG_AT),
    ("harbor.example.org/proxy/hub/mysql:8.4", {"MYSQL_ROOT_PASSWORD": "x"}, "/var/lib/mysql"),
    ("nexus.example.org/docker/mongo:7", {"MONGO_INITDB_ROOT_USERNAME": "x"}, "/data/db"),
    ("registry.local/mirror/postgis/postgis:16-3.4", {"POSTGRES_PASSWORD": "x"}, PG_AT),
]


@pytest.mark.parametrize(("image", "environment", "target"), MIRRORS)
def test_a_mirrors_image_with_the_engines_own_variable_is_the_engines(
    tmp_path: Path, image: str, environment: dict[str, str], target: str
) -> None:
    service = {"image": image, "environment": environment, "volumes": [f"./rows:{target}"]}
    (found,) = findings_of(tmp_path, service)
    assert (found.code, found.fix and found.fix.applicability) == ("VF101", Applicability.SAFE)
    assert any(line.startswith(f"{image} is treated as the image ") for line in found.evidence)


@pytest.mark.parametrize(
    ("image", "environment"),
    [
        ("registry.local/mirror/postgres:16", {"POSTGRES_HOST": "db"}),
        ("registry.local/mirror/postgres:16", {}),
        ("acme/postgres:16", {"POSTGRES_PASSWORD": "x"}),
        ("docker.io/acme/postgres:16", {"POSTGRES_PASSWORD": "x"}),
    ],
)
def test_a_name_alone_makes_no_fix_safe(tmp_path: Path, image: str, environment: dict[str, str]) -> None:
    service = {"image": image, "environment": environment, "volumes": [f"./rows:{PG_AT}"]}
    (found,) = findings_of(tmp_path, service)
    assert (found.code, found.fix and found.fix.applicability) == ("VF101", Applicability.UNSAFE)


def test_a_client_of_a_mirrors_image_is_a_client(tmp_path: Path) -> None:
    service = {
        "image": "registry.local/mirror/postgres:16",
        "environment": {"PGDATA": PG_AT},
        "command": "pg_dump -h db",
    }
    assert findings_of(tmp_path, service) == []


@pytest.mark.parametrize(
    ("image", "name"),
    [("wodby/mariadb:11", "Wodby"), ("tutum/mysql", "tutum"), ("jbergstroem/mariadb-alpine", "jbergstroem")],
)
def test_an_image_has_its_own_authors_name(tmp_path: Path, image: str, name: str) -> None:
    (found,) = findings_of(tmp_path, {"image": image, "volumes": ["./rows:/var/lib/mysql"]})
    assert name in found.danger
    assert "yobasystems" not in found.danger
