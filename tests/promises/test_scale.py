"""Twice the input costs about twice the work: function calls are counted, not seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Calls

import volfix
from volfix.cli.fix import FORMATS, command
from volfix.rules.findings import Applicability

Files = dict[str, str]
SIZE = 20
DB = "  db{n}:\n    image: postgres:16\n    volumes: ['./pg{n}:/var/lib/postgresql/data']\n"
ONE = "services:\n" + DB.format(n="")
APP = "services:\n  app:\n    build: .\n    env_file: .env\n    volumes: ['./data:/app/data']\n"
PYTHON = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD ["python", "m0.py"]\n'
NODE = 'FROM node:22\nWORKDIR /app\nCOPY . .\nCMD ["node", "m0.js"]\n'


def each(count: int, text: Callable[[int], str]) -> str:
    return "".join(map(text, range(count)))


def service(keys: str) -> Callable[[int], Files]:
    """A service of an unknown image with as many lines of this kind."""
    head, line = keys.split("|")
    return lambda n: {
        "compose.yaml": f"services:\n  a:\n    image: acme/a:1\n{head}\n" + each(n, lambda i: line.format(i=i))
    }


def beside(name: str, head: str, line: str, foot: str = "") -> Callable[[int], Files]:
    """A database on a bind mount, and a file beside it with as many lines of this kind."""
    return lambda n: {
        "compose.yaml": ONE,
        name: head
        + each(n, lambda i: line.replace("{i}", str(i)).replace("{next}", str(i + 1)))
        + foot.replace("{n}", str(n)),
    }


DIMENSIONS: dict[str, Callable[[int], Files]] = {
    "services": lambda n: {"compose.yaml": "services:\n" + each(n, lambda i: DB.format(n=i))},
    "services on one directory": lambda n: {
        "compose.yaml": "services:\n" + each(n, lambda i: DB.format(n=i).replace(f"./pg{i}", "./pg"))
    },
    "services with a file of a database": lambda n: {
        "compose.yaml": "services:\n"
        + each(
            4 * n,
            lambda i: (
                f"  a{i}:\n    image: acme/a{i}\n    environment: ['DATABASE_URL=sqlite:////app/d{i}.db']\n"
                f"    command: [serve, /app/d{i}.db]\n    volumes: ['./d{i}.db:/app/d{i}.db']\n"
            ),
        )
    },
    "services with a URL beside their mount": lambda n: {
        "compose.yaml": "services:\n"
        + each(
            7 * n,
            lambda i: (
                f"  a{i}:\n    image: acme/a{i}\n    environment: ['DATABASE_URL=sqlite:////app/d{i}.db']\n"
                f"    volumes: ['./k{i}:/app/data']\n"
            ),
        )
    },
    "services without a volume": lambda n: {
        "compose.yaml": "services:\n" + each(6 * n, lambda i: f"  db{i}:\n    image: postgres:16\n")
    },
    "services that extend one": lambda n: {
        "compose.yaml": ONE + each(n, lambda i: f"  s{i}:\n    extends: db\n    volumes: ['./d{i}:/d{i}']\n")
    },
    "profiles": lambda n: {
        "compose.yaml": "services:\n" + each(n, lambda i: DB.format(n=i) + f"    profiles: [p{i}]\n")
    },
    "mounts": service("    volumes:|      - ./d{i}:/app/d{i}\n"),
    "variables": service("    volumes: ['./d:/app/d']\n    environment:|      V{i}: sqlite:////app/d/{i}.db\n"),
    "labels": service("    volumes: ['./d:/app/d']\n    labels:|      l{i}: x\n"),
    "ports": service("    volumes: ['./d:/app/d']\n    ports:|      - '{i}:{i}'\n"),
    "networks": lambda n: {"compose.yaml": ONE + "networks:\n" + each(n, lambda i: f"  n{i}: {{}}\n")},
    "volumes": lambda n: {"compose.yaml": ONE + "volumes:\n" + each(n, lambda i: f"  v{i}: {{}}\n")},
    "comments below many services": lambda n: {
        "compose.yaml": "services:\n" + each(n, lambda i: DB.format(n=i)) + each(20 * n, lambda i: f"# {i}\n")
    },
    "comments": lambda n: {"compose.yaml": ONE + each(n, lambda i: f"# {i}: volfix: ignore\n")},
    "merge keys": lambda n: {
        "compose.yaml": "x-0: &a0 {image: 'postgres:16'}\n"
        + each(n, lambda i: f"x-{i + 1}: &a{i + 1}\n  <<: [*a{i}, *a{i}]\n")
        + f"services:\n  db:\n    <<: *a{n}\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
    },
    "services that wait for two": lambda n: {
        "compose.yaml": "services:\n"
        + each(n, lambda i: DB.format(n=i) + (f"    depends_on: [db{i - 1}, db{i - 2}]\n" if i > 1 else ""))
    },
    "variants of a project": lambda n: {
        "compose.yaml": ONE,
        **{
            f"compose.v{i}.yaml": f"services:\n  t:\n    image: mysql:8\n    volumes: ['./t{i}:/var/lib/mysql']\n"
            for i in range(2 * n)
        },
    },
    "directories in directories": lambda n: {
        "compose.yaml": "services:\n"
        + each(n, lambda i: DB.format(n=i) + f"  a{i}:\n    image: acme/a\n    volumes: ['./pg{i}/x:/x']\n")
    },
    "projects": lambda n: {f"p{i}/compose.yaml": ONE for i in range(n)},
    "env files": lambda n: {
        "compose.yaml": APP.replace("env_file: .env", f"env_file: [{', '.join(f'{i}.env' for i in range(n))}]"),
        **{f"{i}.env": f"V{i}=x\n" for i in range(n)},
    },
    "lines of an env file": lambda n: {"compose.yaml": APP, ".env": each(n, lambda i: f"V{i}=value{i}\n")},
    "wrong URLs in an env file": lambda n: {
        "compose.yaml": APP,
        "Dockerfile": PYTHON,
        ".env": each(n, lambda i: f"D{i}_DATABASE_URL=sqlite:///./d{i}.db\n"),
    },
    "wrong URLs in an env file that nothing loads": lambda n: {
        "compose.yaml": APP.replace("    env_file: .env\n", ""),
        ".env.prod": each(n, lambda i: f"D{i}_DATABASE_URL=sqlite:///./d{i}.db\n"),
    },
    "values that use the last": lambda n: {
        "compose.yaml": APP,
        ".env": "V0=x\n" + each(n, lambda i: f"V{i + 1}=${{V{i}}}\n"),
    },
    "directories in a URL": lambda n: {"compose.yaml": APP, ".env": f"DATABASE_URL=sqlite:///./{'a/' * n}x.db\n"},
    "characters of a line": lambda n: {"compose.yaml": ONE + f"# {'x' * n * 50}\n"},
    "steps": beside(
        ".drone.yml",
        "kind: pipeline\nname: x\nsteps:\n",
        "- name: s{i}\n  image: docker:27\n  commands: ['docker compose down -v', 'docker compose up -d']\n",
    ),
    "jobs of Actions": beside(
        ".github/workflows/d.yml",
        "on: push\njobs:\n",
        "  j{i}:\n    runs-on: self-hosted\n    steps:\n"
        "    - uses: actions/checkout@v4\n    - run: docker compose up -d\n",
    ),
    "jobs of GitLab": beside(
        ".gitlab-ci.yml", "", "j{i}:\n  script: ['docker compose down -v', 'docker compose up -d']\n"
    ),
    "jobs of GitLab in a stage each": lambda n: {
        "compose.yaml": ONE,
        ".gitlab-ci.yml": f"stages: [{', '.join(f's{i}' for i in range(3 * n))}]\n"
        + ".b:\n  script: ['docker compose up -d']\n"
        + each(3 * n, lambda i: f"j{i}:\n  stage: s{i}\n  extends: [.b, .b]\n"),
    },
    "destructive lines": beside("deploy.sh", "#!/bin/sh\ndocker compose up -d\n", "docker compose down -v\n"),
    "variables of a script": beside(
        "deploy.sh", "#!/bin/sh\nA0=x\n", "A{next}=$A{i}\n", "docker compose -p $A1 up -d\n"
    ),
    "values of a script that double": beside(
        "deploy.sh", "A0=x\n", "A{next}=$A{i}$A{i}\n", "docker compose -p $A{n} up -d\n"
    ),
    "branches": beside(
        "deploy.sh", "#!/bin/sh\n", 'if [ -n "$X{i}" ]; then cd a; else cd b; fi\n', "docker compose up -d\n"
    ),
    "targets that need another one": beside(
        "Makefile", "deploy: t0\n", "t{i}: up\n\tdocker compose down -v\n", "up:\n\tdocker compose up -d\n"
    ),
    "cron lines": beside("crontab", "", "0 1 * * * cd /srv/x && docker compose down -v\n"),
    "tasks of Ansible": beside(
        "playbook.yml",
        "- hosts: all\n  tasks:\n",
        "  - name: t{i}\n    shell: docker compose down -v && docker compose up -d\n",
    ),
    "lines of .gitignore": beside(".gitignore", "", "pg{i}/\n"),
    "documents": lambda n: {"compose.yaml": ONE, **{f"docs/d{i}.md": "tar czf x ./pg\n" * 5 for i in range(n)}},
    "RUN lines": lambda n: {
        "compose.yaml": APP,
        "Dockerfile": "FROM python:3.12\n" + each(n, lambda i: f"RUN mkdir -p /x{i} && chown 1:1 /x{i}\n"),
    },
    "RUN lines that give away": lambda n: {
        "compose.yaml": APP,
        "Dockerfile": "FROM python:3.12\n"
        + each(n, lambda i: f"RUN mkdir /x{i} && chown -R 1:1 /x{i} && chown 2 $X\n"),
    },
    "ENV lines": lambda n: {
        "compose.yaml": APP,
        "Dockerfile": "FROM python:3.12\n" + each(n, lambda i: f"ENV V{i}=x\nVOLUME /v$V{i}\n"),
    },
    "stages": lambda n: {
        "compose.yaml": APP,
        "Dockerfile": "FROM python:3.12 AS s0\n" + each(n, lambda i: f"FROM s{i} AS s{i + 1}\nENV A{i}=x\n"),
    },
    "Dockerfiles": lambda n: {
        "compose.yaml": "services:\n"
        + each(n, lambda i: f"  a{i}:\n    build: ./a{i}\n    volumes: ['./d{i}:/data']\n"),
        **{f"a{i}/Dockerfile": "FROM python:3.12\nUSER 1000\n" for i in range(n)},
    },
    "modules of Python": lambda n: {
        "compose.yaml": APP,
        "Dockerfile": PYTHON,
        **{f"m{i}.py": f"import m{i + 1}\nimport sqlite3\nsqlite3.connect('d{i}.db')\n" for i in range(n)},
    },
    "modules of Python with a database each": lambda n: {
        "compose.yaml": APP,
        "Dockerfile": PYTHON,
        **{f"m{i}.py": f"import sqlite3\nD{i} = '/app/d{i}.db'\nsqlite3.connect(D{i})\n" for i in range(2 * n)},
    },
    "modules of JavaScript": lambda n: {
        "compose.yaml": APP,
        "Dockerfile": NODE,
        **{f"m{i}.js": f"require('./m{i + 1}.js');new (require('better-sqlite3'))('./d{i}.db')\n" for i in range(n)},
    },
    "files of other kinds": lambda n: {"compose.yaml": ONE, **{f"src/d{i % 10}/f{i}.txt": "x" for i in range(n)}},
}


def of_each_function(files: Files, root: Path) -> dict[tuple[str, int, str], int]:
    """For each function of volfix, how often a look at these files calls it, and how many calls it makes itself."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with Calls() as counted:
        volfix.plan([str(root)])
    found: dict[tuple[str, int, str], int] = {}
    for entry in counted.getstats():
        if not isinstance(entry.code, str) and "volfix" in entry.code.co_filename:
            key = entry.code.co_filename, entry.code.co_firstlineno, entry.code.co_name
            own = entry.callcount + sum(each.callcount for each in entry.calls or ())
            found[key] = found.get(key, 0) + own
    return found


def looked_at(files: Files, root: Path, *, carry_service: bool = False) -> tuple[int, volfix.Plan]:
    """The function calls of one look at a repository with these files, and what it says."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with Calls() as counted:
        plan = volfix.plan([str(root)], carry_service=carry_service)
    return counted.number, plan


def calls(files: Files, root: Path, *, carry_service: bool = False) -> int:
    """The function calls of one look at a repository of which everything is read."""
    counted, plan = looked_at(files, root, carry_service=carry_service)
    assert not plan.result.errors
    return counted


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is imported and compiled once does not count: everything is asked for once before."""
    for number, files in enumerate(DIMENSIONS.values()):
        calls(files(2), tmp_path_factory.mktemp(f"warm{number}"))


@pytest.mark.parametrize("files", DIMENSIONS.values(), ids=DIMENSIONS)
def test_twice_the_input_is_about_twice_the_work(files: Callable[[int], Files], tmp_path: Path) -> None:
    small, large = calls(files(SIZE), tmp_path / "small"), calls(files(2 * SIZE), tmp_path / "large")
    assert large < 2.4 * small


@pytest.mark.parametrize(
    "name",
    [
        "services",
        "services with a URL beside their mount",
        "services with a file of a database",
        "mounts",
        "variants of a project",
        "profiles",
        "steps",
    ],
)
def test_no_function_compares_each_with_each(name: str, tmp_path: Path) -> None:
    """In the calls of a whole run one such function does not show until there are hundreds."""
    files = DIMENSIONS[name]
    small, large = (of_each_function(files(number), tmp_path / str(number)) for number in (SIZE, 2 * SIZE))
    assert {key: calls for key, calls in large.items() if calls > 2.4 * small.get(key, 0) + 500} == {}


@pytest.mark.parametrize("name", ["services", "services on one directory", "profiles", "steps", "destructive lines"])
def test_twice_the_services_that_carry_are_about_twice_the_work(name: str, tmp_path: Path) -> None:
    """All are proven together: each alone would be proven in the whole file."""
    files = DIMENSIONS[name]
    calls(files(2), tmp_path / "warm", carry_service=True)
    small = calls(files(SIZE), tmp_path / "small", carry_service=True)
    assert calls(files(2 * SIZE), tmp_path / "large", carry_service=True) < 2.4 * small


def printed(files: Files, root: Path, words: list[str]) -> int:
    """The function calls of the command line on a repository with these files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with Calls() as counted:
        done = CliRunner().invoke(command, [*words, str(root)])
    assert done.exit_code in (0, 1), done.output
    return counted.number


def undeclared(count: int) -> Files:
    mount = "  db{i}:\n    image: postgres:16\n    volumes: ['v{i}:/var/lib/postgresql/data']\n"
    return {"compose.yaml": "services:\n" + each(count, lambda i: mount.replace("{i}", str(i)))}


WORDS = ("-q", "--statistics", *(f"--output-format={form}" for form in FORMATS if form != "text"))


@pytest.mark.parametrize(
    ("words", "files", "count"),
    [
        *((words, DIMENSIONS["services"], 2 * SIZE) for words in WORDS),
        ("--output-format=sarif", undeclared, 2 * SIZE),
        ("--output-format=rdjson", undeclared, 2 * SIZE),
        ("--write", DIMENSIONS["services"], 2 * SIZE),  # afterwards each new volume asks what was there before
        ("-v", DIMENSIONS["services"], 8 * SIZE),  # that many that some have their lines left out
    ],
)
def test_twice_the_findings_are_about_twice_the_output(
    words: str, files: Callable[[int], Files], count: int, tmp_path: Path
) -> None:
    """Whether the text of a fix shows a secret was asked for each fix in the whole file."""
    printed(files(2), tmp_path / "warm", [words])
    small, large = (printed(files(number), tmp_path / str(number), [words]) for number in (count, 2 * count))
    assert large < 2.4 * small


DEEP = 40
TOO_OFTEN = "call each other too often or too deeply"
TOO_MANY = "more than 2500 commands, with those of what it calls"
NESTED: dict[str, Callable[[int], Files]] = {
    "package.json": lambda n: {
        "package.json": '{"scripts": {"deploy": "npm run s0",'
        + each(n, lambda i: f'"s{i}": "npm run s{i + 1} && npm run s{i + 1}",')
        + f'"s{n}": "docker compose down -v && docker compose up -d"'
        + "}}",
    },
    "Makefile": lambda n: {
        "Makefile": "deploy: t0\n"
        + each(n, lambda i: f"t{i}:\n\t$(MAKE) t{i + 1}\n\t$(MAKE) t{i + 1}\n")
        + f"t{n}:\n\tdocker compose down -v\n\tdocker compose up -d\n",
    },
    "deploy.sh": lambda n: {
        "deploy.sh": each(n, lambda i: f"f{i}() {{ f{i + 1}; f{i + 1}; }}\n")
        + f"f{n}() {{ docker compose down -v; docker compose up -d; }}\nf0\n",
    },
    "deploy0.sh": lambda n: {
        "deploy0.sh": "./deploy1.sh\n",
        **{f"deploy{i}.sh": f"./deploy{i + 1}.sh\n. ./deploy{i + 1}.sh\n" for i in range(1, n)},
        f"deploy{n}.sh": "docker compose down -v\ndocker compose up -d\n",
    },
}


@pytest.mark.parametrize(
    ("name", "reason"),
    [("package.json", TOO_OFTEN), ("Makefile", TOO_OFTEN), ("deploy.sh", TOO_MANY), ("deploy0.sh", TOO_MANY)],
)
def test_what_calls_the_next_twice_is_named_as_not_followed(name: str, reason: str, tmp_path: Path) -> None:
    """Two to the power of forty would be a million millions: no fix is called safe beside what was not followed."""
    counted, plan = looked_at({"compose.yaml": ONE, **NESTED[name](DEEP)}, tmp_path)
    assert counted < 10_000_000
    reasons = {error.path.name: str(error) for error in plan.result.errors}
    assert reason in reasons[name]
    assert plan.findings
    assert all(finding.applicability is not Applicability.SAFE for finding in plan.findings)


def test_services_that_extend_each_other_too_deeply_are_named(tmp_path: Path) -> None:
    """Each of them would have the parts of all below it."""
    chain = each(40, lambda i: f"  s{i + 1}:\n    extends: s{i}\n")
    _, plan = looked_at({"compose.yaml": ONE.replace("db:", "s0:") + chain}, tmp_path)
    assert "services extend each other more than 20 deep" in str(plan.result.errors[0])
    assert all(finding.applicability is not Applicability.SAFE for finding in plan.findings)


def test_texts_that_many_call_once_are_followed(tmp_path: Path) -> None:
    """A script with functions that two hundred scripts read is no reason to refuse."""
    library = each(30, lambda i: f"f{i}() {{ docker compose down; }}\n")
    files = {f"deploy{i}.sh": ". ./lib.sh\nf1\ndocker compose up -d\n" for i in range(200)}
    _, plan = looked_at({"compose.yaml": ONE, "lib.sh": library, **files}, tmp_path)
    assert not plan.result.errors
