"""The databases that Go, JavaScript and TypeScript open: found, explained, and edited where the literal is what counts."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

VOLUME = "services:\n  app:\n    build: .\n    volumes: ['rows:/app/data']\nvolumes: {rows: }\n"
BIND = "services:\n  app:\n    build: .\n    volumes: ['./data:/app/data']\n"
NOTHING = "services:\n  app:\n    build: .\n"
GO_IMAGE = """\
FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN go build -o /shop .
FROM alpine:3.20
WORKDIR /app
COPY config.json ./
COPY --from=build /shop ./shop
"""
NODE_IMAGE = "FROM node:22\nWORKDIR /app\nCOPY . .\n"
COMPILED = """\
FROM node:22 AS build
WORKDIR /app
COPY . .
RUN npm run build
FROM node:22
WORKDIR /app
COPY package.json ./
COPY --from=build /app/dist ./dist
"""


def go(body: str) -> dict[str, str]:
    return {
        "Dockerfile": GO_IMAGE,
        "go.mod": "module shop\n",
        "main.go": f"package main\n\nfunc main() {{\n{body}\n}}\n",
    }


def script(text: str, name: str = "server.js", image: str = NODE_IMAGE) -> dict[str, str]:
    return {"Dockerfile": image, "package.json": "{}", name: text}


def plan(root: Path, compose: str, files: dict[str, str]) -> volfix.Plan:
    for name, text in {"compose.yaml": compose, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return volfix.plan(root, select=("VF101", "VF2"))


BETTER = "const Database = require('better-sqlite3');\n"
OPENED = [
    (go('\tdb, err := sql.Open("sqlite3", "var/shop.db")'), "/app/var/shop.db"),
    (go('\tdb, err := sqlx.Connect("sqlite", "file:shop.db?cache=shared")'), "/app/shop.db"),
    (go("\tdb, err := gorm.Open(sqlite.Open(`shop.db`), &gorm.Config{})"), "/app/shop.db"),
    (go('\tdb, err := bolt.Open("/app/state/shop.bolt", 0600, nil)'), "/app/state/shop.bolt"),
    (go('\tconst name = "shop.db"\n\tdb := sqlx.MustConnect("sqlite3", name+"?_fk=1")'), "/app/shop.db"),
    (go('\tp := filepath.Join("var", "shop.db")\n\tdb, _ := sql.Open("sqlite", p)'), "/app/var/shop.db"),
    (go('\tdsn := fmt.Sprintf("file:%s?_fk=1", "shop.db")\n\tdb, _ := sql.Open("sqlite", dsn)'), "/app/shop.db"),
    (go('\tp := os.Getenv("SHOP")\n\tif p == "" {\n\t\tp = "s.db"\n\t}\n\tsql.Open("sqlite", p)'), "/app/s.db"),
    (go('\tp := getEnv("SHOP", "s.db")\n\tsql.Open("sqlite", p)'), "/app/s.db"),
    (go('\tp := flag.String("db", "s.db", "the rows")\n\tsql.Open("sqlite", *p)'), "/app/s.db"),
    (go('\tc := Config{DBPath: env("SHOP_FILE", "./s.db")}'), "/app/s.db"),
    (script(BETTER + "const db = new Database('shop.db');\n"), "/app/shop.db"),
    (script("const db = require('better-sqlite3')(`var/shop.db`);\n"), "/app/var/shop.db"),
    (script("import { Database } from 'bun:sqlite';\nnew Database('shop.sqlite');\n"), "/app/shop.sqlite"),
    (script("import { DatabaseSync } from 'node:sqlite';\nnew DatabaseSync('/app/s.db');\n"), "/app/s.db"),
    (script("const s = require('sqlite3').verbose();\nnew s.Database('./rows');\n"), "/app/rows"),
    (script("import s from 'sqlite3';\nconst t = s.verbose();\nnew t.Database('a.db');\n"), "/app/a.db"),
    (script(BETTER + "new Database(path.join(__dirname, 'db', 's.db'));\n", "src/db.js"), "/app/src/db/s.db"),
    (script(BETTER + "new Database(path.resolve('s.db'));\n", "src/db.js"), "/app/s.db"),
    (script(BETTER + "new Database(path.join(process.cwd(), '/s.db'));\n", "src/db.js"), "/app/s.db"),
    (script(BETTER + "const f = process.env.SHOP || 's.db';\nnew Database(f);\n"), "/app/s.db"),
    (script(BETTER + "const c = { file: 's.db' };\nnew Database(c.file);\n"), "/app/s.db"),
    (script(BETTER + "function open(f = 's.db') { return new Database(f); }\n"), "/app/s.db"),
    (script("open({ filename: 's.db', driver: sqlite3.Database });\n"), "/app/s.db"),
    (script("export default { client: 'sqlite3', connection: { filename: 's.db' } };\n", "knexfile.js"), "/app/s.db"),
    (script("new DataSource({ type: 'sqlite', database: 's.db' });\n", "src/data.ts"), "/app/s.db"),
    (script("new Sequelize({ dialect: 'sqlite', storage: 's.db' });\n"), "/app/s.db"),
    (script("import { Sequelize } from 'sequelize';\nnew Sequelize('sqlite:s.db');\n"), "/app/s.db"),
    (script("import { createClient } from '@libsql/client';\ncreateClient({ url: 'file:s.db' });\n"), "/app/s.db"),
    (
        script("export default defineConfig({ dialect: 'sqlite', dbCredentials: { url: 'file:s.db' } });\n", "d.ts"),
        "/app/s.db",
    ),
    (script("import D from 'better-sqlite3';\nnew D('s.db' as string);\n", "src/db.ts", COMPILED), "/app/s.db"),
    (script("const D = require('better-sqlite3');\nnew D('s.db');\n", "src/db.mts", COMPILED), "/app/s.db"),
]


@pytest.mark.parametrize(("files", "path"), OPENED)
def test_a_database_outside_every_mount_is_found(files: dict[str, str], path: str, tmp_path: Path) -> None:
    found = [each for each in plan(tmp_path, VOLUME, files).findings if each.severity != "info"]
    assert [(each.code, each.severity, f" {path}," in each.danger) for each in found] == [("VF203", "error", True)]


@pytest.mark.parametrize(
    "files",
    [
        go('\tdb, err := sql.Open("sqlite3", "data/shop.db")'),
        go('\tdb, err := sql.Open("sqlite3", "/app/data/shop.db?_journal=WAL")'),
        script(BETTER + "new Database('data/s.db');\n"),
        script("new DataSource({ type: 'better-sqlite3', database: 'data/s.db' });\n", "src/d.ts", COMPILED),
    ],
)
def test_a_database_on_a_bind_mount_is_found(files: dict[str, str], tmp_path: Path) -> None:
    (found,) = plan(tmp_path, BIND, files).findings
    assert (found.code, found.severity, found.applicability.value) == ("VF101", "error", "safe")


@pytest.mark.parametrize(
    "files",
    [
        go('\tdb, err := sql.Open("postgres", "host=db")'),
        go('\tdb, err := sql.Open("sqlite3", ":memory:")'),
        go('\tdb, err := sql.Open("sqlite3", path)'),
        {**go(""), "main_test.go": 'package main\n\nfunc f() { sql.Open("sqlite3", "shop.db") }\n'},
        {**go(""), "examples/x.go": 'package main\n\nfunc f() { sql.Open("sqlite3", "shop.db") }\n'},
        {**go(""), "vendor/x/x.go": 'package x\n\nfunc f() { sql.Open("sqlite3", "shop.db") }\n'},
        script(BETTER + "new Database(':memory:');\n"),
        script(BETTER + "new Database('geo.db', { readonly: true });\n"),
        script(BETTER + "new Database('s.db');\n", "db.test.js"),
        script(BETTER + "new Database('s.db');\n", "__tests__/db.js"),
        script(BETTER + "new Database('s.db');\n", "node_modules/x/db.js"),
        script("class Database {}\nnew Database('s.db');\n"),
        script("new DataSource({ type: 'postgres', database: 's.db' });\n", "src/d.ts"),
        script("open({ filename: 's.db' });\n"),
        script(BETTER + "// new Database('s.db');\n"),
        script("const db = require('better-sqlite3')(path);\ndb.exec('PRAGMA journal_mode = WAL');\n"),
        script("import { open } from 'sqlite';\nconst db = await open({ filename: f });\nawait db.exec('VACUUM');\n"),
        script(BETTER + "const db = new Database(path);\ndb.pragma('synchronous = 1');\ndb.prepare('SELECT 1');\n"),
    ],
)
def test_what_is_no_database_of_the_application_is_left_alone(files: dict[str, str], tmp_path: Path) -> None:
    assert not [each for each in plan(tmp_path, NOTHING, files).findings if each.code in ("VF201", "VF203")]


@pytest.mark.parametrize(
    ("files", "name", "before", "after"),
    [
        (go('\tdb, err := sql.Open("sqlite3", "shop.db?_fk=1") // rows'), "main.go", "shop.db", "data/shop.db"),
        (go("\tconst name = `./shop.db`\n\tdb, _ := sql.Open(`sqlite`, name)"), "main.go", "./shop", "./data/shop"),
        (script(BETTER + "new Database('shop.db'); // 'é'\n"), "server.js", "shop.db", "data/shop.db"),
        (script("new DataSource({ type: 'sqlite', database: `s.db` });\n", "d.ts"), "d.ts", "s.db", "data/s.db"),
    ],
)
def test_the_one_literal_is_changed_and_nothing_else(
    files: dict[str, str], name: str, before: str, after: str, tmp_path: Path
) -> None:
    result = plan(tmp_path, VOLUME, files)
    assert [each.applicability.value for each in result.findings if each.code == "VF203"] == ["safe"]
    result.write()
    assert (tmp_path / name).read_text() == files[name].replace(before, after, 1)
    assert not [each for each in volfix.plan(tmp_path, select=("VF101", "VF2")).findings if each.severity == "error"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (go('\tp := flag.String("db", "s.db", "the rows")\n\tsql.Open("sqlite", *p)'), "a flag"),
        (go('\tif x {\n\t\tsql.Open("sqlite", "s.db")\n\t}'), "condition"),
        (
            go('\tos.Chdir("/srv")\n\tsql.Open("sqlite", "/app/s.db")\n\tsql.Open("sqlite", "/app/t.db")'),
            "other databases",
        ),
        (go('\tsql.Open("sqlite", "/app/s.db")\n\tsql.Open("postgres", dsn)'), "server"),
        (script(BETTER + "function open(f = 's.db') { return new Database(f); }\n"), "caller"),
        (script(BETTER + "new Database(process.env.CI ? ':memory:' : 's.db');\n"), "condition"),
        (script(BETTER + "require('dotenv').config();\nnew Database(process.env.SHOP ?? 's.db');\n"), "env file"),
        (
            script("import D from 'better-sqlite3';\nnew D(path.join(__dirname, '../s.db'));\n", "src/db.ts"),
            "no single literal",
        ),
    ],
)
def test_where_something_else_may_count_the_edit_is_unsafe(files: dict[str, str], why: str, tmp_path: Path) -> None:
    found = [each for each in plan(tmp_path, VOLUME, files).findings if each.code == "VF203"]
    assert found
    assert all(each.applicability.value != "safe" and why in (each.reason or "") for each in found), found


def test_a_changed_working_directory_leaves_the_place_open(tmp_path: Path) -> None:
    files = script(BETTER + "process.chdir('/srv');\nnew Database('s.db');\n")
    (found,) = (each for each in plan(tmp_path, NOTHING, files).findings if each.code == "VF203")
    assert "wherever it lies" in found.danger


def test_a_module_with_a_mistake_is_not_edited(tmp_path: Path) -> None:
    files = script(BETTER + "new Database('s.db');\nfunction ( {\n")
    found = [each for each in plan(tmp_path, VOLUME, files).findings if each.code == "VF203"]
    assert [(each.fix, "cannot parse all of" in (each.reason or "")) for each in found] == [(None, True)]


def test_the_image_may_not_have_the_code(tmp_path: Path) -> None:
    image = NODE_IMAGE.replace("COPY . .", "COPY web ./")
    files = {**script(BETTER + "new Database('s.db');\n", "worker/db.js", image), "web/index.js": ""}
    assert not [each for each in plan(tmp_path, NOTHING, files).findings if each.code == "VF203"]


def python(text: str) -> dict[str, str]:
    return {"Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\n", "app.py": f"import os, sqlite3\n{text}"}


ONE_DIRECTORY, ONE_NAME = ["/app/var/a.db", "/app/var/b.db"], ["/app/var/s.db", "/srv/s.db"]


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        (
            go(
                '\tconst d = "/app/var"\n\tsql.Open("sqlite", filepath.Join(d, "a.db"))\n'
                '\tsql.Open("sqlite", filepath.Join(d, "b.db"))'
            ),
            ONE_DIRECTORY,
        ),
        (
            go(
                '\tconst n = "s.db"\n\tsql.Open("sqlite", filepath.Join("/app/var", n))\n'
                '\tsql.Open("sqlite", filepath.Join("/srv", n))'
            ),
            ONE_NAME,
        ),
        (
            go('\tconst n = "s.db"\n\tsql.Open("sqlite", n)\n\tsql.Open("sqlite", "/srv/"+n)'),
            ["/app/s.db", "/srv/s.db"],
        ),
        (
            script(BETTER + "const n = 's.db';\nnew Database(`/srv/${n}`);\nnew Database(n);\n"),
            ["/app/s.db", "/srv/s.db"],
        ),
        (
            script(
                BETTER + "const d = '/app/var';\nnew Database(path.join(d, 'a.db'));\nnew Database(`${d}/b.db`);\n",
            ),
            ONE_DIRECTORY,
        ),
        (
            script(
                BETTER + "const n = 's.db';\nnew Database(path.join('/app/var', n));\nnew Database('/srv/' + n);\n",
            ),
            ONE_NAME,
        ),
        (
            python("D = '/app/var'\nsqlite3.connect(os.path.join(D, 'a.db'))\nsqlite3.connect(f'{D}/b.db')\n"),
            ONE_DIRECTORY,
        ),
        (
            python("N = 's.db'\nsqlite3.connect(os.path.join('/app/var', N))\nsqlite3.connect('/srv/' + N)\n"),
            ONE_NAME,
        ),
    ],
)
def test_databases_that_share_a_directory_or_a_name_are_two(
    files: dict[str, str], paths: list[str], tmp_path: Path
) -> None:
    found = [each for each in plan(tmp_path, VOLUME, files).findings if each.code == "VF203"]
    assert sorted(path for each in found for path in paths if f" {path}," in each.danger) == paths
    assert all(each.applicability.value != "safe" for each in found), found


@pytest.mark.parametrize(
    "files",
    [
        go('\tconst n = "s.db"\n\tc := Config{DBPath: n}\n\tsql.Open("sqlite", "file:"+n+"?_fk=1")'),
        go('\tconst n = "s.db"\n\tsql.Open("sqlite", n)\n\tsql.Open("sqlite", n+"?mode=ro")'),
        script(BETTER + "const n = 's.db';\nnew Database(n);\nnew Database(n);\n"),
        script(
            "import { createClient } from '@libsql/client';\nconst n = 's.db';\n"
            "createClient({ url: `file:${n}` });\ncreateClient({ url: 'file:' + n });\n"
        ),
        python("DB_PATH = 's.db'\nsqlite3.connect(DB_PATH)\nsqlite3.connect(DB_PATH + '')\n"),
    ],
)
def test_a_file_that_is_opened_twice_is_one(files: dict[str, str], tmp_path: Path) -> None:
    found = [each for each in plan(tmp_path, VOLUME, files).findings if each.code == "VF203"]
    assert [(" /app/s.db," in each.danger, "other databases" in (each.reason or "")) for each in found] == [
        (True, False)
    ]


@pytest.mark.parametrize(
    "files",
    [
        script(BETTER + "const n = 's.db';\nnew Database(process.env.SHOP || n);\nnew Database(n);\n"),
        go('\tconst n = "s.db"\n\tp := getEnv("SHOP", n)\n\tsql.Open("sqlite", p)\n\tsql.Open("sqlite", n)'),
    ],
)
def test_what_is_opened_whatever_a_variable_says_is_found(files: dict[str, str], tmp_path: Path) -> None:
    compose = VOLUME.replace("build: .", "build: .\n    environment: {SHOP: /app/data/s.db}")
    found = [each for each in plan(tmp_path, compose, files).findings if each.code == "VF203"]
    assert [" /app/s.db," in each.danger for each in found] == [True]
