"""Which database a service really opens, and what volfix makes of it: env files, Dockerfile, code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import dotenv
import pytest
from conftest import Calls

import volfix
from volfix.rules.findings import Finding

DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
REQUIREMENTS = "sqlalchemy==2.0.36\n"
COMPOSE = "services:\n  app:\n    build: .\n{keys}    volumes: ['rows:/app/data']\nvolumes: {{rows: }}\n"
ENGINE = "from sqlalchemy import create_engine\n"
CALLS_PER_MODULE = 350
SETTINGS = "import os\nfrom pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent\n"


def plan(root: Path, files: dict[str, str], keys: str = "", *, unsafe: bool = False) -> volfix.Plan:
    everything = {
        "compose.yaml": COMPOSE.format(keys=keys),
        "Dockerfile": DOCKERFILE,
        "requirements.txt": REQUIREMENTS,
        **files,
    }
    for name, text in everything.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return volfix.plan(root, select=("VF101", "VF2"), unsafe_fixes=unsafe)


def of(found: volfix.Plan, code: str) -> list[Finding]:
    return [finding for finding in found.findings if finding.code == code]


def written(root: Path, name: str, found: volfix.Plan) -> str:
    result = found.write()
    assert not [project.failure for project in result.projects if project.failure]
    return (root / name).read_bytes().decode()


CHANGED = [
    ("engine = create_engine('sqlite:///a.db')", "'sqlite:///a.db'", "'sqlite:///data/a.db'"),
    ('engine = create_engine("sqlite:////app/a.db")', "////app/a.db", "////app/data/a.db"),
    ("engine = create_engine(url='sqlite:///a.db', echo=True)", "///a.db", "///data/a.db"),
    ("engine = create_async_engine(r'sqlite+aiosqlite:///./a.db')", "./a.db", "./data/a.db"),
    ("URL = 'sqlite:///' 'a.db'\nengine = create_engine(URL)", "'a.db'", "'data/a.db'"),
    ("URL = 'sqlite:///' + 'a.db'\nengine = create_engine(URL)", "'a.db'", "'data/a.db'"),
    ("engine = create_engine(f'sqlite:///{BASE_DIR}/a.db')", "/a.db", "/data/a.db"),
    ("engine = create_engine(f'sqlite:///{BASE_DIR / \"a.db\"}')", '"a.db"', '"data/a.db"'),
    ("engine = create_engine('sqlite:///' + os.path.join(BASE_DIR, 'a.db'))", "'a.db'", "'data/a.db'"),
    ("DB = BASE_DIR.joinpath('a.db')\nengine = create_engine(f'sqlite:///{DB}')", "'a.db'", "'data/a.db'"),
    ("import sqlite3\nc = sqlite3.connect('a.db')", "'a.db'", "'data/a.db'"),
    ("import sqlite3\nc = sqlite3.connect(os.path.join(os.path.dirname(__file__), 'a.db'))", "'a.db'", "'data/a.db'"),
    ("import sqlite3\nc = sqlite3.connect(str(Path(__file__).parents[0] / 'a.db'))", "'a.db'", "'data/a.db'"),
    ("db = SqliteDatabase('a.db', pragmas={})", "'a.db'", "'data/a.db'"),
    ("DATABASE_URL = os.environ.get('DATABASE_URL', 'sqlite:///a.db')", "///a.db", "///data/a.db"),
    ("DATABASE_URL = os.getenv('DATABASE_URL') or 'sqlite:///a.db'", "///a.db", "///data/a.db"),
    (
        "DATABASE_URL = os.environ.get('DATABASE_URL', '').replace('s:', 'ql:') or 'sqlite:///a.db'",
        "///a.db",
        "///data/a.db",
    ),
    ("DB_PATH = os.getenv('DB_PATH', './a.db')", "./a.db", "./data/a.db"),
    ("app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:////srv/a.db'", "////srv/a.db", "////app/data/a.db"),
    ("app.config.update(SQLALCHEMY_DATABASE_URI='sqlite:////srv/a.db')", "////srv/a.db", "////app/data/a.db"),
    ("class Settings(BaseSettings):\n    database_url: str = 'sqlite:///a.db'", "///a.db", "///data/a.db"),
    ("class Settings(BaseSettings):\n    db_url: str = Field('sqlite:///a.db')", "///a.db", "///data/a.db"),
    ("@dataclass\nclass Config:\n    database_url: str = 'sqlite:///a.db'", "///a.db", "///data/a.db"),
    ("# größe\nengine = create_engine('sqlite:///a.db')  # ½", "///a.db", "///data/a.db"),
    (
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'a.db'}}",
        "'a.db'",
        "'data/a.db'",
    ),
    ("DATABASES = {'default': dj_database_url.config(default='sqlite:///a.db')}", "///a.db", "///data/a.db"),
    ("DATABASES = {'default': env.db('DATABASE_URL', default='sqlite:///a.db')}", "///a.db", "///data/a.db"),
    ("def url():\n    return os.environ.get('DATABASE_URL', 'sqlite:///a.db')", "///a.db", "///data/a.db"),
    ('engine = create_engine("""sqlite:///a.db""")', "///a.db", "///data/a.db"),
    ("Tortoise.init(db_url='sqlite:////srv/a.db', modules={})", "////srv/a.db", "////app/data/a.db"),
]


@pytest.mark.parametrize(("code", "before", "after"), CHANGED)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_literal_and_nothing_else(code: str, before: str, after: str, newline: str, tmp_path: Path) -> None:
    text = f"{SETTINGS}{code}\n".replace("\n", newline)
    found = plan(tmp_path, {"db.py": text})
    assert [finding.applicability.value for finding in of(found, "VF203")] == ["safe"]
    assert text.count(before) == 1
    assert written(tmp_path, "db.py", found) == text.replace(before, after)
    assert not plan(tmp_path, {"db.py": text.replace(before, after)}).edits


NOT_CHANGED = [
    "engine = create_engine(load('sqlite:///a.db'))",
    "engine = create_engine(settings.url)",
    "engine = create_engine('sqlite:///' + name)",
    "engine = create_engine(f'sqlite:///{name}/a.db')",
    "engine = create_engine('sqlite:///%s' % 'a.db')",
    "engine = create_engine('sqlite://')",
    "engine = create_engine('sqlite:///:memory:')",
    "engine = create_engine('postgresql://db/a.db')",
    "engine = create_engine('sqlite:////tmp/a.db')",
    "engine = create_engine('sqlite:////app/data/a.db')",
    "print('sqlite:///a.db')",
    "'''create_engine('sqlite:///a.db')'''",
    "# create_engine('sqlite:///a.db')",
    "NAME = 'a.db'",
    "DATABASE_NAME = 'a.db'",
    "URL = 'sqlite:///a.db'\nURL = other()\nengine = create_engine(URL)",
    "class TestSettings(BaseSettings):\n    database_url: str = 'sqlite:///a.db'",
    "db = SqliteDatabase(None)",
    "def (:\n  create_engine('sqlite:///a.db')",
    "x = connect('a.db')",
]


@pytest.mark.parametrize("code", NOT_CHANGED)
def test_code_that_is_no_finding(code: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {"db.py": f"{SETTINGS}{code}\n"}, unsafe=True)
    assert not of(found, "VF203")
    assert not found.edits


@pytest.mark.parametrize(
    "code",
    [
        "if DEBUG:\n    engine = create_engine('sqlite:///a.db')",
        "try:\n    engine = create_engine('sqlite:///a.db')\nexcept Exception:\n    pass",
        "engine = create_engine('sqlite:///a.db')\nother = create_engine('sqlite:///b.db')",
        "NAME = 'a.db'\nengine = create_engine(f'sqlite:///{NAME}')\nprint(NAME, NAME)",
    ],
)
def test_what_may_not_count_is_unsafe(code: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {"db.py": f"{SETTINGS}{code}\n"})
    assert {finding.applicability.value for finding in of(found, "VF203")} == {"unsafe"}
    assert not found.edits


DEFAULT = {"db.py": "import os\nDATABASE_URL = os.getenv('DATABASE_URL', 'sqlite:///a.db')\n"}
PYDANTIC = {
    "db.py": "class Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='SHOP_')\n"
    "    database_url: str = 'sqlite:///a.db'\n"
}


@pytest.mark.parametrize(
    ("files", "keys"),
    [
        (DEFAULT, "    environment: {DATABASE_URL: 'sqlite:////app/data/a.db'}\n"),
        (DEFAULT, "    environment: [DATABASE_URL]\n"),
        (DEFAULT, "    environment: ['DATABASE_URL=${URL}']\n"),
        (DEFAULT, "    env_file: missing.env\n"),
        ({**DEFAULT, ".env.example": "DATABASE_URL=\n"}, ""),
        ({**DEFAULT, "Dockerfile": DOCKERFILE + "ENV DATABASE_URL=postgres://db/x\n"}, ""),
        (DEFAULT, "    environment: {POSTGRES_HOST: db}\n"),
        (PYDANTIC, "    environment: {SHOP_DATABASE_URL: 'postgres://db/x'}\n"),
        (DEFAULT, "    command: pytest\n    profiles: [x]\n    environment: {DB_HOST: db}\n"),
        ({"tests/db.py": DEFAULT["db.py"], "docs/db.py": DEFAULT["db.py"], "test_db.py": DEFAULT["db.py"]}, ""),
        ({"venv/pyvenv.cfg": "", "venv/db.py": DEFAULT["db.py"], ".hidden/db.py": DEFAULT["db.py"]}, ""),
        ({**DEFAULT, "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY other .\n"}, ""),
    ],
)
def test_a_literal_that_is_not_what_counts(files: dict[str, str], keys: str, tmp_path: Path) -> None:
    assert not of(plan(tmp_path, files, keys, unsafe=True), "VF203")


def test_another_variable_than_the_prefixed_one_does_not_replace_it(tmp_path: Path) -> None:
    found = plan(tmp_path, PYDANTIC, "    environment: {OTHER: x}\n")
    assert of(found, "VF203")


def test_a_file_that_is_mounted_is_no_finding_and_its_bind_mount_becomes_a_volume(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    build: .\n    volumes: ['./data:/app/data']\n"
    found = plan(tmp_path, {"compose.yaml": compose, "db.py": ENGINE + "e = create_engine('sqlite:///data/a.db')\n"})
    assert [finding.code for finding in found.findings] == ["VF101"]
    assert found.edits


def test_the_reference_with_its_url_in_code_moves_the_rows_of_the_container(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    build: .\n    volumes: ['./data:/app/data']\n"
    found = plan(tmp_path, {"compose.yaml": compose, "db.py": ENGINE + "e = create_engine('sqlite:///./a.db')\n"})
    assert {finding.code for finding in found.findings} == {"VF101", "VF203", "VF206"}
    moves = [(move.source, move.volume) for project in found.projects for move in project.moves]
    assert sorted(moves) == [("./data", "app-db"), ("container:/app/a.db", "app-db")]
    assert {edit.path.name for edit in found.edits} == {"compose.yaml", "db.py"}


def test_two_services_of_one_image_that_mount_differently_are_left_alone(tmp_path: Path) -> None:
    compose = (
        "services:\n  web:\n    build: .\n    volumes: ['rows:/app/data']\n"
        "  worker:\n    build: .\n    volumes: ['rows:/data']\nvolumes: {rows: }\n"
    )
    found = plan(tmp_path, {"compose.yaml": compose, **DEFAULT}, unsafe=True)
    assert of(found, "VF203")
    assert not found.edits


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ("ENV DATABASE_URL=sqlite:///./a.db", "./a.db"),
        ("ENV DATABASE_URL sqlite:///./a.db", "./a.db"),
        ('ENV A=b DATABASE_URL="sqlite:///./a.db" C=d', "./a.db"),
        ("ENV A=b \\\n    # why\n    DATABASE_URL='sqlite:///./a.db'", "./a.db"),
        ("ARG DATABASE_URL=sqlite:///./a.db\nENV DATABASE_URL=${DATABASE_URL}", "./a.db"),
        ("ARG URL=sqlite:///./a.db\nENV DATABASE_URL=$URL", "./a.db"),
    ],
)
def test_the_env_of_the_image_is_changed_in_place(env: str, url: str, tmp_path: Path) -> None:
    text = f"{DOCKERFILE}{env}\n"
    found = plan(tmp_path, {"Dockerfile": text})
    assert [finding.applicability.value for finding in of(found, "VF201")] == ["safe"]
    assert [finding.severity.value for finding in of(found, "VF206")] == ["info"]
    assert written(tmp_path, "Dockerfile", found) == text.replace(url, "./data/a.db")


@pytest.mark.parametrize(
    "env",
    [
        "ENV D=a\nENV DATABASE_URL=sqlite:///./$D.db",
        "ARG DATABASE_URL\nENV DATABASE_URL=$DATABASE_URL",
        "ENV DATABASE_URL=sqlite:///./my\\ a.db",
    ],
)
def test_an_env_that_is_put_together_is_not_changed(env: str, tmp_path: Path) -> None:
    assert not plan(tmp_path, {"Dockerfile": f"{DOCKERFILE}{env}\n"}, unsafe=True).edits


def test_what_compose_says_wins_over_the_image(tmp_path: Path) -> None:
    image = {"Dockerfile": DOCKERFILE + "ENV DATABASE_URL=sqlite:///./a.db\n"}
    found = plan(tmp_path, image, "    environment: ['DATABASE_URL=sqlite:///./data/a.db']\n")
    assert [(finding.code, finding.severity.value) for finding in found.findings] == [("VF204", "info")]


def test_env_files_of_several_environments_and_their_example(tmp_path: Path) -> None:
    names = (".env.prod", ".env.staging", "prod.env", "config/.env")
    text = "A=1\nDATABASE_URL=sqlite:///./a.db # x\n"
    found = plan(tmp_path, dict.fromkeys((*names, ".env.example"), text))
    said = {finding.location.path.name: finding.applicability.value for finding in of(found, "VF201")}
    assert said == {**{Path(name).name: "safe" for name in names}, ".env.example": "unsafe"}
    found.write()
    for name in names:
        assert (tmp_path / name).read_text() == "A=1\nDATABASE_URL=sqlite:///./data/a.db # x\n"
    assert (tmp_path / ".env.example").read_text() == text


def test_an_env_file_in_a_build_context_is_that_service_s(tmp_path: Path) -> None:
    compose = (
        "services:\n  api:\n    build: api\n    volumes: ['rows-a:/app/data']\n"
        "  bot:\n    build: bot\n    volumes: ['rows-b:/app/data']\nvolumes: {rows-a: , rows-b: }\n"
    )
    files = {f"{name}/Dockerfile": DOCKERFILE for name in ("api", "bot")}
    found = plan(tmp_path, {"compose.yaml": compose, **files, "api/.env": "DATABASE_URL=sqlite:///./a.db\n"})
    assert [finding.service for finding in of(found, "VF201")] == ["api"]


def test_of_two_env_files_the_later_wins_and_alone_is_changed(tmp_path: Path) -> None:
    files = {"a.env": "DB_PATH=/app/a.db\n", "b.env": "DB_PATH=/app/b.db\n"}
    found = plan(tmp_path, files, "    env_file: [a.env, b.env]\n")
    assert [finding.location.path.name for finding in of(found, "VF204")] == ["a.env"]
    assert "b.env wins" in of(found, "VF204")[0].danger
    assert {edit.path.name for edit in found.edits} == {"b.env"}


def test_no_module_without_the_mention_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from volfix.syntax import python_source

    read: list[str] = []
    parse = python_source.Module.__init__

    def watched(self: python_source.Module, source: object) -> None:
        read.append(getattr(source, "path").name)  # noqa: B009
        parse(self, source)  # type: ignore[arg-type]

    monkeypatch.setattr(python_source.Module, "__init__", watched)
    modules = {f"m{number}.py": "x = 1\n" for number in range(20)}
    plan(tmp_path, {**modules, "db.py": ENGINE + "e = create_engine('sqlite:///a.db')\n"})
    assert set(read) == {"db.py"}


FIXTURE = Path(__file__).parents[2] / "fixtures" / "fastapi-sqlite-drone" / "repository"
URL = "sqlite:///./database.db"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("docker-compose.yml", "    volumes:", f"    environment:\n      DATABASE_URL: {URL}\n    volumes:"),
        ("backend/Dockerfile", "COPY app app\n", f"COPY app app\nENV DATABASE_URL={URL}\n"),
        ("backend/app/database.py", 'os.environ["DATABASE_URL"]', f'"{URL}"'),
    ],
)
def test_the_reference_is_fixed_where_its_url_is(name: str, before: str, after: str, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    shutil.copytree(FIXTURE, root)
    env = root / ".env.prod"
    env.write_text(env.read_text().replace(f"DATABASE_URL={URL}\n", ""))
    path = root / name
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))
    text = path.read_text()
    found = volfix.plan(root, select=("VF101", "VF2"))
    moves = sorted(move.source for project in found.projects for move in project.moves)
    assert moves == ["/drone/src/data", "container:/app/database.db"]
    found.write()
    assert text.count(URL) == 1
    moved = text.replace(URL, "sqlite:///./data/database.db")
    assert path.read_text() == moved or (name.endswith(".yml") and "sqlite:///./data/database.db" in path.read_text())
    assert {edit.path.name for edit in found.edits} == {"docker-compose.yml", path.name}
    assert not volfix.plan(root, select=("VF101", "VF2")).edits


@pytest.mark.parametrize(
    ("files", "applicability"),
    [
        ({}, "unsafe"),
        ({".env.example": "DATABASE_URL=\n"}, "unsafe"),
        ({".env.example": "SECRET=\n"}, "safe"),
    ],
)
def test_an_env_file_that_is_not_there_may_say_otherwise(
    files: dict[str, str], applicability: str, tmp_path: Path
) -> None:
    image = {"Dockerfile": DOCKERFILE + "ENV DATABASE_URL=sqlite:///./a.db\n"}
    found = plan(tmp_path, {**image, **files}, "    env_file: .env\n")
    assert [finding.applicability.value for finding in of(found, "VF201")] == [applicability]


def test_flask_s_instance_folder(tmp_path: Path) -> None:
    flask = {
        "requirements.txt": "flask-sqlalchemy==3.1.1\n",
        "app.py": "from flask import Flask\napp = Flask(__name__)\n"
        "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///a.db'\n",
    }
    found = plan(tmp_path, flask)
    assert [(move.source) for project in found.projects for move in project.moves] == ["container:/app/instance/a.db"]
    assert "'sqlite:////app/data/a.db'" in written(tmp_path, "app.py", found)


def test_prisma_s_schema_directory(tmp_path: Path) -> None:
    prisma = {
        "package.json": '{"dependencies": {"prisma": "6.1.0"}}',
        "prisma/schema.prisma": "",
        "requirements.txt": "",
    }
    found = plan(tmp_path, prisma, "    environment: ['DATABASE_URL=file:./data/dev.db']\n")
    assert "file:/app/data/dev.db" in written(tmp_path, "compose.yaml", found)
    assert [move.source for project in found.projects for move in project.moves] == [
        "container:/app/prisma/data/dev.db"
    ]


ENV = "DATABASE_URL=sqlite:///./a.db\n"
ENVIRONMENTS = {
    "an env file": ("    env_file: .env.prod\n", {".env.prod": ENV}),
    "the last of several": ("    env_file: [a.env, b.env]\n", {"a.env": "DATABASE_URL=x\n", "b.env": ENV}),
    "the long form, another missing": (
        "    env_file:\n      - path: a.env\n      - {path: b.env, required: false}\n",
        {"a.env": ENV},
    ),
    "the raw format": ("    env_file:\n      - {path: a.env, format: raw}\n", {"a.env": ENV}),
    "a map": ("    environment:\n      DATABASE_URL: sqlite:///./a.db\n", {}),
    "a list": ("    environment: ['DATABASE_URL=sqlite:///./a.db']\n", {}),
    "a null entry": ("    environment:\n      DATABASE_URL:\n", {".env": ENV}),
    "a name in the list": ("    environment: [DATABASE_URL]\n", {".env": ENV}),
    "a variable of another name": ("    environment: ['DATABASE_URL=${URL}']\n", {".env": "URL=sqlite:///./a.db\n"}),
    "a default": ("    environment: ['DATABASE_URL=${URL:-sqlite:///./a.db}']\n", {}),
    "an anchor and a merge key": (
        "    environment:\n      <<: *all\n",
        {"compose.yaml": "x-all: &all\n  DATABASE_URL: sqlite:///./a.db\n" + COMPOSE},
    ),
    "quotes, `export` and a comment": (
        "    env_file: .env\n",
        {".env": 'export DATABASE_URL="sqlite:///./a.db" # x\n'},
    ),
    "the same name twice": ("    env_file: .env\n", {".env": "DATABASE_URL=x\n" + ENV}),
    "`environment:` over an env file": (
        "    env_file: .env.prod\n    environment: ['DATABASE_URL=sqlite:///./a.db']\n",
        {".env.prod": "DATABASE_URL=sqlite:///./data/b.db\n"},
    ),
}


@pytest.mark.parametrize(("keys", "files"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_compose_sees_the_new_value(keys: str, files: dict[str, str], tmp_path: Path) -> None:
    compose = {"compose.yaml": files["compose.yaml"].format(keys=keys)} if "compose.yaml" in files else {}
    plan(tmp_path, {**files, **compose}, keys).write()
    binary = Path(sys.executable).parent / "docker-compose"
    words = [binary if binary.exists() else "docker-compose", "-f", tmp_path / "compose.yaml", "config"]
    try:
        config = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("needs Compose")
    assert "DATABASE_URL: sqlite:///./data/a.db\n" in config


def test_python_dotenv_reads_the_new_value(tmp_path: Path) -> None:
    text = "A='x'\nexport DATABASE_URL = 'sqlite:///./a.db'  # rows\nB=\"$A\"\n"
    plan(tmp_path, {".env.prod": text}, "    env_file: .env.prod\n").write()
    values = dotenv.dotenv_values(tmp_path / ".env.prod")
    assert values == {"A": "x", "DATABASE_URL": "sqlite:///./data/a.db", "B": "$A"}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgres://u:p@sql:5432/x", "sql"),
        ("mysql+pymysql://u:p@localhost/x", "localhost"),
        ("mongodb://mongo", "mongo"),
        ("postgres://u:p@db/x", None),
        ("postgres://u:p@sql.example.org/x", None),
        ("postgres://u:p@10.0.0.1/x", None),
        ("redis://cache/0", None),
    ],
)
def test_a_server_that_is_no_service_is_a_note_without_its_password(url: str, host: str | None, tmp_path: Path) -> None:
    compose = COMPOSE.replace("volumes: {{", "  db:\n    image: example.org/acme/sql:1\nvolumes: {{")
    found = plan(
        tmp_path, {"compose.yaml": compose.format(keys=f"    environment:\n      DATABASE_URL: '{url}'\n")}, unsafe=True
    )
    said = [(finding.severity.value, finding.danger) for finding in of(found, "VF201")]
    assert [severity for severity, _ in said] == (["info"] if host else [])
    assert all(f"the host {host}" in message and "u:p" not in message for _, message in said)
    assert not found.edits


@pytest.mark.parametrize(
    ("mount", "says"),
    [
        ("./src:/app/src", "restart app after the change"),
        (".:/app", "restart app after the change"),
        ("./templates:/app/templates", "rebuild the image after the change"),
    ],
)
def test_code_that_a_mount_lays_over_the_image_needs_no_rebuild(tmp_path: Path, mount: str, says: str) -> None:
    files = {"src/db.py": ENGINE + "engine = create_engine('sqlite:////srv/a.db')\n", "templates/a.html": ""}
    compose = COMPOSE.format(keys="").replace("['rows:/app/data']", f"['{mount}', 'rows:/app/data']")
    found = plan(tmp_path, {**files, "compose.yaml": compose})
    assert [says in finding.danger for finding in of(found, "VF206")] == [True]


@pytest.mark.parametrize(
    ("name", "patterns", "found"),
    [
        (".dockerignore", "old\n", False),
        (".dockerignore", "*\n!requirements.txt\n", False),
        (".dockerignore", "old/*\n!old/db.py\n", True),  # taken back from an ignored directory
        (".dockerignore", "**\n!old\n", True),
        (".dockerignore", "db.py\n*.py\n", True),  # anchored at the context
        (".dockerignore", "**/db.py\n", False),
        ("Dockerfile.dockerignore", "old\n", False),
    ],
)
def test_code_that_the_build_does_not_get_does_not_count(name: str, patterns: str, found: bool, tmp_path: Path) -> None:
    code = ENGINE + "engine = create_engine('sqlite:////srv/a.db')\n"
    assert bool(of(plan(tmp_path, {"old/db.py": code, name: patterns}), "VF203")) is found


@pytest.mark.parametrize(
    ("name", "patterns", "copied"),
    [
        (".dockerignore", ".git\n", True),
        (".dockerignore", ".env.example\n", True),
        (".dockerignore", "src/.env\n", True),
        (".dockerignore", "*\n!.env\n", True),
        (".dockerignore", ".env\n", False),
        (".dockerignore", "/.e*\n", False),
        (".dockerignore", "**/*env*\n", False),
        ("Dockerfile.dockerignore", "*\n!*.py\n", False),
    ],
)
def test_an_env_file_that_the_build_does_not_get_is_not_loaded(
    name: str, patterns: str, copied: bool, tmp_path: Path
) -> None:
    files = {".env": "DATABASE_URL=sqlite:////app/data/app.db\n", name: patterns}
    found = plan(tmp_path, {**files, "requirements.txt": "sqlalchemy==2.0.36\npython-dotenv\n"})
    assert bool(of(found, "VF206")) is not copied


def test_a_host_that_the_project_names_elsewhere_is_no_note(tmp_path: Path) -> None:
    keys = "    environment: ['DATABASE_URL=postgres://u:p@sql/x']\n    extra_hosts: ['sql:10.0.0.1']\n"
    assert not plan(tmp_path, {}, keys).findings


def test_what_a_module_without_a_database_costs_is_some_calls(tmp_path: Path) -> None:
    """Calls of Python's functions, which no other process on the machine changes: reading, not parsing."""

    def calls(modules: int) -> int:
        root = tmp_path / str(modules)
        text = "def f(x):\n    return x\n\n" * 100
        files = {f"p{number % 20}/m{number}.py": text for number in range(modules)}
        jobs = {"db.py": ENGINE + "engine = create_engine('sqlite:///./a.db')\n", "jobs.py": DEFAULT["db.py"]}
        plan(root, {**files, **jobs})  # what is imported and compiled once is there now
        with Calls() as counted:
            found = volfix.plan(root, select=("VF101", "VF2"))
        assert len(of(found, "VF203")) == 2
        return counted.number

    assert (calls(400) - calls(40)) / 360 < CALLS_PER_MODULE
