"""What no output may show: given a file, then its secrets are hidden and the rest of it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Calls

from volfix.fixes.changes import FileChange
from volfix.fixes.masking.messages import scrub
from volfix.fixes.masking.secrets import masked, of_these_files, secret_spans, with_secrets
from volfix.knowledge.carry_service import command
from volfix.syntax.source import Edit, Source, Span


def seen(text: str, name: str = "compose.yaml", show: str | None = None) -> str:
    """The file as an output shows it; the characters `show` are what a fix changes."""
    source = Source.of(Path("/p") / name, text.encode())
    shown = [Span(source.text.index(show), source.text.index(show) + len(show))] if show else []
    return masked(source.text, secret_spans(source, shown))


def service(body: str) -> str:
    return "services:\n  app:\n    image: acme/app:1\n" + "".join(f"    {line}\n" for line in body.splitlines())


@pytest.mark.parametrize(
    ("written", "then"),
    [
        ("environment:\n  MODE: hunter2", "environment:\n  MODE: ***"),
        ("environment:\n  MODE: 'hunter2'", "environment:\n  MODE: '***'"),
        ('environment:\n  MODE: "hun\\"ter2"', 'environment:\n  MODE: "***"'),
        ("environment:\n  MODE: hunter2 # why", "environment:\n  MODE: *** # why"),
        ('environment:\n  MODE: "hunter2 # no comment"', 'environment:\n  MODE: "***"'),
        ("environment:\n  - MODE=hunter2", "environment:\n  - MODE=***"),
        ("environment:\n  - MODE=hunter2#and more", "environment:\n  - MODE=***"),
        ("environment:\n  - 'MODE=hunter2'", "environment:\n  - 'MODE=***'"),
        ("environment:\n  - MODE=a=b=hunter2", "environment:\n  - MODE=***"),
        ("environment:\n  - MODE", "environment:\n  - MODE"),
        ("environment: [[HUNTER2]]", "environment: [[***]]"),
        ("environment:\n  MODE: [HUNTER2]", "environment:\n  MODE: [***]"),
        ("environment:\n  MODE:\n  - - HUNTER2", "environment:\n  MODE:\n  - - ***"),
        ("environment:\n  - MODE hunter2", "environment:\n  - ***"),
        ("environment:\n  - MODE: hunter2", "environment:\n  - MODE: ***"),
        ("environment: {MODE: hunter2, N: 5}", "environment: {MODE: ***, N: ***}"),
        ("environment: {MODE: 'hunter2'}", "environment: {MODE: '***'}"),
        ("environment: [MODE=hunter2, B=5]", "environment: [MODE=***, B=***]"),
        ("environment:\n  MODE: ''\n  B:", "environment:\n  MODE: ''\n  B:"),
        ("environment:\n  MODE: пароль\U0001f511", "environment:\n  MODE: ***"),
        ("environment:\n  MODE: &a hunter2\n  B: *a", "environment:\n  MODE: &a ***\n  B: *a"),
        ("environment:\n  MODE: ${X:-hunter2}", "environment:\n  MODE: ***"),
        (
            "environment:\n  MODE: |\n    hunter2\n\n      more\n  B: c",
            "environment:\n  MODE: |\n    ***\n\n      ***\n  B: ***",
        ),
        ("environment:\n  MODE: >-\n    hunter2\n    more", "environment:\n  MODE: >-\n    ***\n    ***"),
        ('environment:\n  MODE: "hunter2\n    more"', 'environment:\n  MODE: "***\n    ***"'),
        ("environment:\n  MODE: hunter2\n    more", "environment:\n  MODE: ***\n    ***"),
        ("environment:\n  # - MODE=hunter2\n  - A=b", "environment:\n  # - MODE=***\n  - A=***"),
        ("environment:\n  #DB_MODE: hunter2\n  A: b", "environment:\n  #DB_MODE: ***\n  A: ***"),
        ("build:\n  context: .\n  args:\n    MODE: hunter2", "build:\n  context: .\n  args:\n    MODE: ***"),
        ("build: {args: [MODE=hunter2]}", "build: {args: [MODE=***]}"),
    ],
)
def test_every_environment_value_and_build_argument_is_hidden(written: str, then: str) -> None:
    assert seen(service(written)) == service(then)


@pytest.mark.parametrize(
    ("written", "then"),
    [
        ("command: redis-server --requirepass hunter2 --save 60", "command: redis-server --requirepass *** --save 60"),
        ("command: redis-server --requirepass 'hun ter2'", "command: redis-server --requirepass '***'"),
        ("command: [redis-server, --requirepass, hunter2]", "command: [redis-server, --requirepass, ***]"),
        ('command: ["redis-server", "--requirepass", "hunter2"]', 'command: ["redis-server", "--requirepass", "***"]'),
        (
            "command:\n  - redis-server\n  - --requirepass\n  - hunter2",
            "command:\n  - redis-server\n  - --requirepass\n  - ***",
        ),
        ("command: server --admin-token=hunter2", "command: server --admin-token=***"),
        ("command: redis-server --requirepass ${X:-hunter2}", "command: redis-server --requirepass ***"),
        ("command: PGPASSWORD=hunter2 psql", "command: PGPASSWORD=*** psql"),
        ("healthcheck:\n  test: mysqladmin ping -phunter2", "healthcheck:\n  test: mysqladmin ping -p***"),
        ("healthcheck:\n  test: [CMD, mysqladmin, -phunter2]", "healthcheck:\n  test: [CMD, mysqladmin, -p***]"),
        ("healthcheck:\n  test: redis-cli -a hunter2 ping", "healthcheck:\n  test: redis-cli -a *** ping"),
        (
            'healthcheck:\n  test: ["CMD", "redis-cli", "-a", "hunter2"]',
            'healthcheck:\n  test: ["CMD", "redis-cli", "-a", "***"]',
        ),
        (
            "healthcheck:\n  test:\n    - /opt/sqlcmd\n    - -P\n    - hunter2",
            "healthcheck:\n  test:\n    - /opt/sqlcmd\n    - -P\n    - ***",
        ),
        ("labels:\n  api.token: hunter2", "labels:\n  api.token: ***"),
        ("labels: [api.secret=hunter2]", "labels: [api.secret=***]"),
        ('labels:\n  settings: \'{"password": "hunter2", "port": 1}\'', "labels:\n  settings: '***'"),
        ("x-tokens: [hunter2, more]", "x-tokens: [***, ***]"),
        ("x-apiKey: |\n  hunter2\n  more", "x-apiKey: |\n  ***\n  ***"),
        ("command: psql -c \"ALTER USER a PASSWORD 'hunter2'\"", "command: psql -c \"*** USER *** '***'\""),
        ("command: \"curl -H 'Authorization: Bearer hunter2hunter2'\"", "command: \"curl -H '***'\""),
        ("command: app postgres://u:hunter2@db/x", "command: ***"),
        ("command: app postgres://u:hun@ter/2#a@db/x", "command: ***"),
        ("command: app 'redis://:hunter2@cache:6379/0'", "command: *** '***'"),
        ("command: git clone https://hunter2@github.com/a/b", "command: git clone ***"),
        ("restart: always # login -u me -p hunter2", "restart: always # ***"),
        ("# postgres://u:hunter2@db/x", "# ***"),
        ("# password: hunter2", "# password: ***"),
    ],
)
def test_what_looks_like_a_credential_is_hidden_wherever_it_stands(written: str, then: str) -> None:
    assert seen(service(written)) == service(then)


@pytest.mark.parametrize(
    "written",
    [
        "volumes: [./data/tokens:/var/lib/token-store:ro]",
        "volumes:\n  - ./secrets:/run/secrets:ro\n  - key-db:/data",
        "build:\n  context: ./secret-service",
        "secrets: [db_password]",
        "secrets:\n  - source: db_password\n    target: /run/x",
        "env_file: .env.token",
        "depends_on:\n  token-service:\n    condition: service_started",
        "container_name: mysql-promtail",
        "command: mkdir -pv /data && cp -pr /a /b",
        "command: docker login --password-stdin",
        "command: ./app --password-file /run/secrets/db",
        'healthcheck:\n  test: ["CMD", "pg_isready", "-U", "postgres"]',
        "command: docker compose -f compose.prod.yaml up -d --build web && rm -rf ./old data",
        "# the rows lie here, see the wiki",
    ],
)
def test_what_a_person_has_to_see_stays(written: str) -> None:
    assert seen(service(written)) == service(written)


def test_a_service_may_be_called_like_a_section_or_a_credential() -> None:
    text = (
        "services:\n  environment:\n    image: a\n  token:\n    volumes: [./d:/d]\nvolumes:\n  key: {driver: local}\n"
    )
    assert seen(text) == text


def test_values_that_reach_the_environment_through_anchors_are_hidden_where_they_are_written() -> None:
    text = (
        "x-env: &env\n  A: one\nx-more: &more {B: two}\nx-value: &value three\n"
        "services:\n  app:\n    environment:\n      <<: [*env, *more]\n      C: *value\n  b:\n    environment: *env\n"
    )
    assert seen(text) == text.replace("one", "***").replace("two", "***").replace("three", "***")


def test_content_of_an_inline_configuration_is_hidden() -> None:
    text = "configs:\n  app:\n    content: |\n      user = hunter2\n      [more]\n"
    assert seen(text) == "configs:\n  app:\n    content: |\n      ***\n      ***\n"


def test_line_ends_stay_where_values_span_lines() -> None:
    assert (
        seen("environment:\r\n  A: |\r\n    one\r\n    two\r\n") == "environment:\r\n  A: |\r\n    ***\r\n    ***\r\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  app:\n    environment:\n      A: hunter2\n      - B=hunter2\n     hunter2\n    ports: [\n",
        "services: {\n  environment: {A: hunter2,\n    B: hunter2\n",
        "environment:\n- A=hunter2\n- B: 'hunter2\n\tports: [\n",
        "APP: hunter2\n  x: [\n# MODE=hunter2\n",
        "a: [\n  app_password: correct horse hunter2\n",
    ],
)
def test_a_file_that_is_not_yaml_is_hidden_line_by_line(text: str) -> None:
    assert "hunter2" not in seen(text)
    assert seen(text).count("\n") == text.count("\n")


def test_of_a_file_that_is_not_yaml_the_keys_can_be_read() -> None:
    text = "services:\n  app:\n    environment:\n      A: hunter2\n    volumes:\n      - ./data:/data\n    ports: [\n"
    assert seen(text) == text.replace("hunter2", "***").replace("- ./data:/data", "***").replace("[", "***")


ENV = (
    '# settings\nA=one\nexport B = \'two\' # why\nC="three\nTHREE=\\"x\nend" # three\nD: four\r\nE=\n#F=five\n'
    "stray\nG=six#six\nH= # seven\n"
)


@pytest.mark.parametrize("name", [".env", ".env.prod", "prod.env", "env.local", "settings", "db.conf"])
def test_every_value_of_an_env_file_is_hidden_to_the_end_of_its_line(name: str) -> None:
    assert seen(ENV, name) == (
        "# settings\nA=***\nexport B = '***' ***\nC=\"***\n***\n***\" ***\nD: ***\r\nE=\n#F=***\n***\nG=***\nH= ***\n"
    )


def test_an_env_file_may_begin_with_a_blank_line() -> None:
    assert seen("\nA=hunter2\n\nB=hunter2", ".env") == "\nA=***\n\nB=***"


def test_a_quote_that_never_closes_hides_the_lines_behind_it_too() -> None:
    assert "hunter" not in seen("A=\"hunter\nhunter2\n-hunter3\nB='hunter4\n", ".env")


def test_the_value_that_a_fix_changes_is_shown() -> None:
    text = "SECRET=a\nDATABASE_URL=sqlite:///./database.db\nB=c\n"
    assert seen(text, ".env", "./database.db") == "SECRET=***\nDATABASE_URL=sqlite:///./database.db\nB=***\n"


def test_in_the_value_that_a_fix_changes_credentials_stay_hidden() -> None:
    text = "DATABASE_URL=file://u:hunter2@h/./a.db?sslpassword=hunter3\n"
    assert seen(text, ".env", "./a.db") == "DATABASE_URL=file://u:***@h/./a.db***\n"
    assert seen(text, ".env", text[13:-1]) == "DATABASE_URL=file://u:***@h/./a.db?sslpassword=***\n"


def test_a_value_whose_name_sounds_secret_is_shown_where_a_fix_changes_it() -> None:
    text = "services:\n  a:\n    environment:\n      - TOKEN_DB=/app/tokens.db\n      - TOKEN=hunter2\n"
    assert seen(text, show="TOKEN_DB=/app/tokens.db") == text.replace("hunter2", "***")


def test_of_values_that_span_lines_only_what_a_fix_changes_is_shown() -> None:
    text = 'A="hunter2\nURL=./a.db\nhunter3"\n'
    assert seen(text, ".env", "./a.db") == 'A="***\n***./a.db\n***"\n'


def test_text_that_is_put_behind_a_value_does_not_show_the_value() -> None:
    text = "services:\n  a:\n    environment:\n      A: hunter2"
    source = Source.of(Path("/p/compose.yaml"), text.encode())
    edit = Edit(source.path, Span(len(text), len(text)), "\nvolumes:\n  a-db:\n    driver: local\n")
    change = with_secrets(FileChange(source, source.splice([edit]), (edit,)))
    assert "hunter2" not in masked(change.before.text, change.secrets_before)
    assert masked(change.after.text, change.secrets_after) == text.replace("hunter2", "***") + edit.replacement


def test_of_several_words_that_a_fix_writes_those_are_shown_that_the_file_did_not_have() -> None:
    source = Source.of(Path("/p/compose.yaml"), service("environment:\n  A: hunter2").encode())
    edit = Edit(source.path, Span(len(source.text), len(source.text)), "      MODE: fresh hunter2\n")
    change = with_secrets(FileChange(source, source.splice([edit]), (edit,)))
    shown = masked(change.after.text, change.secrets_after)
    assert shown.endswith("      A: ***\n      MODE: fresh ***\n")


@pytest.mark.parametrize(
    ("value", "taken", "then"),
    [
        ("shop-${BUILD}", "-${BUILD}", "shop"),
        ("${BUILD}-shop", "${BUILD}-", "shop"),
        ("shop-${BUILD}-live", "-${BUILD}", "shop-live"),
        ("postgres://u:pw@db/x?token=1", "?token=1", "postgres://u:***@db/x"),
    ],
)
def test_what_stays_of_a_value_of_which_a_fix_takes_a_part_is_shown(value: str, taken: str, then: str) -> None:
    before = Source.of(
        Path("/p/compose.yaml"), service(f"environment:\n  A: hunter2\n  N: {value}\n  Z: hunter2").encode()
    )
    edits = [
        Edit(before.path, Span(at, at + len(part)), "")
        for part in ("services:\n", taken)
        if (at := before.text.index(part)) >= 0
    ]
    after = Source.of(before.path, before.text.replace("services:\n", "").replace(taken, "").encode())
    change = with_secrets(FileChange(before, after, tuple(edits)))
    shown = masked(change.after.text, change.secrets_after)
    assert f"  N: {then}\n" in shown
    assert "hunter2" not in shown


def test_what_edits_write_is_shown_however_far_they_shift_the_text() -> None:
    source = Source.of(Path("/p/.env"), b"A=hunter2\nURL=./a.db\nB=hunter2\nPLACE=/b\n")
    at = source.text.index
    edits = (
        Edit(source.path, Span(at("./a"), at("\nB")), "sqlite:////data/a.db"),
        Edit(source.path, Span(at("/b"), at("/b") + 2), "/"),
    )
    change = with_secrets(FileChange(source, source.splice(edits), edits))
    assert masked(change.after.text, change.secrets_after) == "A=***\nURL=sqlite:////data/a.db\nB=***\nPLACE=/\n"


@pytest.mark.parametrize(
    ("name", "text", "then"),
    [
        (
            "Dockerfile",
            'FROM a\nENV A=one B="two two" \\\n    C=three\nARG D=x\n',
            'FROM a\nENV A=*** B="***" \\\n    C=***\nARG D=***\n',
        ),
        ("app.Dockerfile", "FROM a\nENV A one two\nRUN make b=c\n", "FROM a\nENV A ***\nRUN make b=***\n"),
        ("settings.py", 'SECRET_KEY = "a b"\nURL = "sqlite:///a.db"\n', 'SECRET_KEY = "***"\nURL = "***"\n'),
        (
            "alembic.ini",
            "sqlalchemy.url = postgresql://u:p@h/d\nname = x\n",
            "sqlalchemy.url = ***\nname = ***\n",
        ),
        ("deploy.sh", "export DB_PASSWORD=x\ndocker compose up\n", "export DB_PASSWORD=***\ndocker compose up\n"),
    ],
)
def test_other_files_lose_what_their_kind_calls_secret(name: str, text: str, then: str) -> None:
    assert seen(text, name) == then


@pytest.mark.parametrize(
    ("message", "then"),
    [
        ("URL=postgres://u:p@h/x is used", "URL=postgres://u:***@h/x is used"),
        ("a://u:p@h, b://v:q@g", "a://u:***@h, b://v:***@g"),
        ("runs `redis-server --requirepass hunter2`", "runs `redis-server --requirepass ***`"),
        ("DB_PASSWORD=hunter2 is set", "DB_PASSWORD=*** is set"),
        ("MODE=hunter2 is set, also in `X=hunter2`", "MODE=*** is set, also in `X=***`"),
        ("sqlite:///./a.db?door=hunter2&mode=memory", "sqlite:///./a.db?door=***&mode=memory"),
        ("DB=sqlite:////data/a.db, P=/srv/a: kept", "DB=sqlite:////data/a.db, P=/srv/a: kept"),
        ("runs `server hunter2 --door hunter2 up`: `down` too", "runs `server *** --door *** up`: `down` too"),
        ("no `host:` and no `temp: {}`; --map ./a=app-db", "no `host:` and no `temp: {}`; --map ./a=app-db"),
        ("volfix carry --map './a b=app-db' --write", "volfix carry --map './a b=app-db' --write"),
        ("--map './a KEY=hunter2 b' --map './a b=c'; KEY=hunter2", "--map './a KEY=*** b' --map './a b=c'; KEY=***"),
        ("`psql -c 'DROP SCHEMA hunter2'` drops", "`psql -c 'DROP SCHEMA ***'` drops"),
        ("`shop-$(date +%s)`, `shop-$(cat hunter2)`", "`shop-$(date +%s)`, `shop-$(cat ***)`"),
        ("`shop_${{ github.run_number }}` changes", "`shop_${{ github.run_number }}` changes"),
        ("`volfix carry --from-project shop --write`", "`volfix carry --from-project shop --write`"),
        (
            "failed to mount local volume: mount //h/s:/v/_data, flags: 0x1, data: ro,hunter2: invalid argument",
            "failed to mount local volume: mount //h/s:/v/_data, flags: 0x1, data: ***: invalid argument",
        ),
        ("under a new volume key: app-db", "under a new volume key: app-db"),
        ("./data:/app/data is kept; sqlite:///./a.db too", "./data:/app/data is kept; sqlite:///./a.db too"),
        ("", ""),
    ],
)
def test_messages_lose_credentials_and_nothing_else(message: str, then: str) -> None:
    assert scrub(message) == then
    assert scrub(then) == then


@pytest.mark.parametrize(
    "text",
    [
        "a://b:" * 12_500,
        "x" * 100_000,
        "a." * 50_000,
        "mongo " * 15_000,
        "'\"" * 50_000,
        "KEY='" * 20_000,
        "-p" * 50_000,
        "@://" * 22_500,
        "failed to mount local volume: , data: " * 2_500,
    ],
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    whole = calls_for(text)
    assert whole < 30 * len(text)
    assert whole < 4.2 * calls_for(text[: len(text) // 4])


def calls_for(text: str) -> int:
    with Calls() as calls:
        scrub(text)
        for name in ("a.env", "Dockerfile", "a.py"):
            secret_spans(Source.of(Path("/p") / name, text.encode()))
    return calls.number


@pytest.mark.parametrize(
    ("name", "text", "then"),
    [
        ("db.go", 'package a\n\nvar db = "hunter2" // rows', 'package a\n\nvar db = "***" // rows'),
        ("db.go", "package a\n\nvar db = `hunter2\nand more`", "package a\n\nvar db = `***\n***`"),
        ("db.go", "func hunter2 {", "***"),
        ("db.mjs", "const token = process.env.TOKEN || 'hunter2'", "const token = process.env.TOKEN || '***'"),
        ("db.js", "login({ user: 'a', password: `hunter2` })", "login({ user: '***', password: `***` })"),
        ("db.js", "const pin = 4711 // pin: 4711", "const pin = *** // pin: ***"),
        ("db.ts", 'const dbPassword: string = "hunter2";', 'const dbPassword: string = "***";'),
        ("a.py", 'os.environ["PASS"] = "hunter2"\n', 'os.environ["PASS"] = "***"\n'),
        ("a.py", "PASS = (\n    \"hun\"\n    'ter2'\n)\n", "PASS = (\n    \"***\"\n    '***'\n)\n"),
        ("a.py", 'PASS = """hun\nter2\n"""\n', 'PASS = """***\n***\n"""\n'),
        ("a.py", 'PASS = "hunter2\n', "***\n"),
        ("a.py", "PASS = f'hunter2'\n", "PASS = f'***'\n"),
        ("db.tsx", "const secret =\n  'hunter2'", "const secret =\n  '***'"),
        (
            "Makefile",
            "export PASS := hunter2\nup:\n\tdocker compose up -d\n",
            "export PASS := ***\nup:\n\tdocker compose up -d\n",
        ),
        (
            "up.sh",
            "echo hunter2 | docker login -u me --password-stdin",
            "echo *** | docker login -u *** --password-stdin",
        ),
        ("up.sh", "printf 'X=hunter2' > .env", "printf 'X=***' > .env"),
        ("up.sh", "echo $TOKEN hunter2 > token", "echo $TOKEN *** > ***"),
        ("up.sh", "X=hunter2 docker compose up -d", "X=*** docker compose up -d"),
        ("up.sh", "docker run -e X=hunter2 --rm app", "docker run -e X=*** --rm ***"),
        (
            "up.sh",
            "COMPOSE_PROJECT_NAME=shop COMPOSE_FILE=ops/compose.yml docker compose up",
            "COMPOSE_PROJECT_NAME=shop COMPOSE_FILE=ops/compose.yml docker compose up",
        ),
        ("up.sh", "docker compose -p shop exec db -p hunter2", "docker compose -p shop exec db -p ***"),
        ("up.sh", "kill -q hunter2", "kill -q ***"),
        ("up", "#!/bin/sh\ndocker compose up -d", "#!/bin/sh\ndocker compose up -d"),
        ("up.sh", "# the password hunter2", "# ***"),
        ("up.sh", "# name: hunter2", "# name: ***"),
        ("up.sh", "cat <<END > .env\n# hunter2=\nX hunter2\nEND", "cat <<*** > .env\n***\n***\n***"),
    ],
)
def test_of_code_and_scripts_names_and_known_words_are_shown(name: str, text: str, then: str) -> None:
    assert seen(text, name) == then


def test_the_script_of_a_carry_service_is_shown_and_what_stands_beside_it_is_hidden() -> None:
    lines = command("./sql", "db-data", "/var/lib/mysql")[0].replace("$", "$$").splitlines()
    script = "".join(f"      {line}\n" for line in lines)
    text = (
        "services:\n  carry:\n    image: mysql:8\n    command:\n    - |\n"
        + script
        + "    - mysqladmin -phunter2 ping\n"
    )
    assert seen(text) == text.replace("hunter2", "***")
    assert seen(text, show=script) == text.replace("hunter2", "***")
    assert seen(text.replace("find . -name", "mysql -phunter2; find . -name")).count("hunter2") == 0


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("services.db.environment.MODE must be a quagga+x1", "services.db.environment.MODE must be a ***"),
        ('service "db" refers to undefined volume rows', 'service "db" refers to undefined volume rows'),
        ('failed to read .env: unexpected character in "hunter2 x"', 'failed to read .env: unexpected *** in "*** x"'),
        ("line 5: cannot unmarshal !!str `quagga...` into int", "line 5: cannot unmarshal !!str `***...` into int"),
        ("an open quote: 'hunter2", "an open quote: '***"),
        ('"image" and "hunter2" of "services"', '"image" and "***" of "services"'),
    ],
)
def test_what_another_program_says_has_no_word_that_the_files_hide(said: str, then: str) -> None:
    text = "services:\n  db:\n    image: postgres:16\n    environment:\n      MODE: quagga+x1 character\n"
    assert of_these_files(said, [Source.of(Path("compose.yaml"), text.encode())]) == then
