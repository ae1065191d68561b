"""Databases in code by where the value comes from: Spring's settings, Django's engine, functions, other stages."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

COMPOSE = "services:\n  app:\n    build: .\n    {}\n"
PYTHON = "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install sqlalchemy==2.0.36\n"
JAVA = """\
FROM maven:3.9 AS build
WORKDIR /src
COPY . .
RUN mvn package
FROM eclipse-temurin:21
WORKDIR /app
COPY --from=build /src/target/shop.jar app.jar
CMD ["java", "-jar", "app.jar"]
"""
NODE = """\
FROM node:22 AS build
WORKDIR /src
COPY . .
RUN npm run build
FROM {}
WORKDIR /app
COPY --from=build /src/dist ./dist
"""


def found(root: Path, dockerfile: str, files: dict[str, str], keys: str = "restart: always") -> list[volfix.Finding]:
    for name, text in {"compose.yaml": COMPOSE.format(keys), "Dockerfile": dockerfile, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return [each for each in volfix.plan(root).findings if each.code == "VF203"]


H2 = "jdbc:h2:file:./data/shop"
RESOURCES = "src/main/resources/"
SPRING = {
    "nested": ({"application.yml": f"spring:\n  datasource:\n    url: {H2}\n"}, ""),
    "dotted": ({"application.yaml": f"spring.datasource:\n  url: '{H2};MODE=MySQL'\n"}, ""),
    "properties": ({"application.properties": f"# shop\nspring.datasource.url={H2}\n"}, ""),
    "a placeholder with a default": ({"application.yml": f"spring:\n  datasource:\n    url: ${{DB_URL:{H2}}}\n"}, ""),
    "a part with a default": (
        {"application.yml": "spring:\n  datasource:\n    url: jdbc:h2:file:${DATA:./data}/shop\n"},
        "",
    ),
    "the file of a profile": (
        {
            "application.yml": "spring:\n  datasource:\n    url: jdbc:h2:mem:test\n",
            "application-prod.yml": f"spring:\n  datasource:\n    url: {H2}\n",
        },
        "environment: {SPRING_PROFILES_ACTIVE: prod}",
    ),
    "the document of a profile": (
        {
            "application.yml": "spring:\n  profiles:\n    active: prod\n---\nspring:\n  config:\n    activate:\n"
            f"      on-profile: prod\n  datasource:\n    url: {H2}\n"
        },
        "",
    ),
}


@pytest.mark.parametrize("kind", SPRING)
def test_what_springs_settings_name_is_found(kind: str, tmp_path: Path) -> None:
    files, keys = SPRING[kind]
    (finding,) = found(
        tmp_path, JAVA, {RESOURCES + name: text for name, text in files.items()}, keys or "restart: 'no'"
    )
    assert "/app/data/shop.mv.db" in finding.danger
    assert finding.severity == "error"
    assert "this adds a volume at /app/data" in (finding.reason or "")


@pytest.mark.parametrize(
    ("files", "keys"),
    [
        ({"application.yml": f"spring:\n  datasource:\n    url: {H2}\n"}, "environment: {SPRING_DATASOURCE_URL: x}"),
        ({"application.yml": "spring:\n  datasource:\n    url: jdbc:postgresql://db/shop\n"}, "restart: always"),
        ({"application.yml": "spring:\n  datasource:\n    url: jdbc:h2:mem:shop\n"}, "restart: always"),
        ({"application-dev.yml": f"spring:\n  datasource:\n    url: {H2}\n"}, "restart: always"),
        (
            {
                "application.yml": f"spring:\n  datasource:\n    url: {H2}\n",
                "application-prod.yml": "spring:\n  datasource:\n    url: jdbc:postgresql://db/shop\n",
            },
            "environment: {SPRING_PROFILES_ACTIVE: prod}",
        ),
        ({"application.yml": f"spring:\n  datasource:\n    url: ${{DB_URL:{H2}}}\n"}, "environment: {DB_URL: x}"),
        ({"application.yml": "spring:\n  datasource:\n    url: jdbc:h2:file:${DATA}/shop\n"}, "restart: always"),
    ],
)
def test_what_another_value_replaces_is_not(files: dict[str, str], keys: str, tmp_path: Path) -> None:
    findings = found(tmp_path, JAVA, {RESOURCES + name: text for name, text in files.items()}, keys)
    assert not [each for each in findings if "/app/data/shop" in each.danger]


DJANGO = "import os\nDATABASES = {{'default': {{'ENGINE': {}, 'NAME': {}}}}}\n"
ENGINES = [
    "os.environ.get('DB_ENGINE', 'django.db.backends.sqlite3')",
    "os.getenv('DB_ENGINE') or 'django.db.backends.sqlite3'",
    "env('DB_ENGINE', default='django.db.backends.sqlite3')",
    "f\"django.db.backends.{os.getenv('DB_ENGINE', 'sqlite3')}\"",
    "ENGINE",
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["'db.sqlite3'", "os.environ.get('DB_NAME', 'db.sqlite3')"])
def test_djangos_engine_may_have_a_default(engine: str, name: str, tmp_path: Path) -> None:
    text = "ENGINE = 'django.db.backends.sqlite3'\n" + DJANGO.format(engine, name)
    (finding,) = found(tmp_path, PYTHON, {"manage.py": "", "shop/settings.py": text})
    assert "/app/db.sqlite3" in finding.danger


@pytest.mark.parametrize(
    ("engine", "keys"),
    [
        (ENGINES[0], "environment: {DB_ENGINE: django.db.backends.postgresql}"),
        ("os.environ.get('DB_ENGINE', 'django.db.backends.mysql')", "restart: always"),
        ("os.environ['DB_ENGINE']", "restart: always"),
    ],
)
def test_djangos_engine_may_be_a_server(engine: str, keys: str, tmp_path: Path) -> None:
    assert not found(
        tmp_path, PYTHON, {"manage.py": "", "shop/settings.py": DJANGO.format(engine, "'db.sqlite3'")}, keys
    )


RETURNED = {
    "a function": "def where():\n    return 'sqlite:///./shop.db'\n\n\nengine = create_engine(where())\n",
    "one of two": "def where():\n    url = os.getenv('SHOP_URL')\n    if url:\n        return url\n"
    "    return 'sqlite:///./shop.db'\n\n\nengine = create_engine(where())\n",
    "a part": "def path():\n    return 'shop.db'\n\n\nengine = create_engine(f'sqlite:///./{path()}')\n",
    "a method": "class Shop:\n    def where(self):\n        return 'sqlite:///./shop.db'\n\n    def engine(self):\n"
    "        return create_engine(self.where())\n",
    "of another module": "def get_database_url():\n    return 'sqlite:///./shop.db'\n",
}


@pytest.mark.parametrize("kind", RETURNED)
def test_what_a_function_returns_is_found(kind: str, tmp_path: Path) -> None:
    text = "import os\nfrom sqlalchemy import create_engine\n" + RETURNED[kind]
    (finding,) = found(tmp_path, PYTHON, {"db.py": text, "requirements.txt": "sqlalchemy==2.0.36\n"})
    assert "/app/shop.db" in finding.danger


@pytest.mark.parametrize(
    "body",
    [
        "    if os.getenv('A'):\n        return 'sqlite:///./a.db'\n    return 'sqlite:///./b.db'\n",
        "    return build()\n",
        "    return 'postgresql://db/shop'\n",
    ],
)
def test_a_function_that_returns_several_values_says_none(body: str, tmp_path: Path) -> None:
    text = f"import os\nfrom sqlalchemy import create_engine\n\n\ndef where():\n{body}\n\nengine = create_engine(where())\n"
    assert not found(tmp_path, PYTHON, {"db.py": text, "requirements.txt": "sqlalchemy==2.0.36\n"})


TYPESCRIPT = [
    "import D from 'better-sqlite3';\nimport path from 'path';\nnew D(path.join(__dirname, '../shop.db'));\n",
    "import D from 'better-sqlite3';\nimport path from 'path';\nnew D(path.resolve(__dirname, '..', 'shop.db'));\n",
    "import D from 'better-sqlite3';\nimport path from 'path';\n"
    "new D(path.join(import.meta.dirname, '..', 'shop.db'));\n",
]


@pytest.mark.parametrize("text", TYPESCRIPT)
def test_a_path_from_a_module_that_another_stage_compiles_is_found(text: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, NODE.format("node:22"), {"package.json": "{}", "src/db.ts": text})
    assert "/app/shop.db" in finding.danger
    assert finding.applicability != "safe"


@pytest.mark.parametrize("base", ["nginx:1.27", "caddy:2-alpine", "httpd:2.4"])
def test_a_web_server_runs_no_script(base: str, tmp_path: Path) -> None:
    text = "import D from 'better-sqlite3';\nnew D('shop.db');\n"
    assert not found(tmp_path, NODE.format(base), {"package.json": "{}", "server/db.ts": text})


STAGES = "FROM python:3.12 AS build\nWORKDIR /src\nCOPY . .\nFROM python:3.12\nWORKDIR /app\nCOPY --from=build {}\n"


@pytest.mark.parametrize(
    ("copied", "is_there"),
    [
        ("/src /app", True),
        ("/src/shop /app/shop", True),
        ("/src/shop ./shop", True),
        ("/src/shop/db.py ./shop/", True),
        ("/src/other ./other", False),
        ("/src/.venv /app/.venv", False),
        ("/src/setup.py ./", False),
    ],
)
def test_of_another_stages_files_those_count_that_are_copied_on(copied: str, is_there: bool, tmp_path: Path) -> None:
    files = {"shop/db.py": "import sqlite3\nsqlite3.connect('shop.db')\n", "setup.py": "", "other/x.py": ""}
    assert bool(found(tmp_path, STAGES.format(copied), files)) is is_there
