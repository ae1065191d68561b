"""The commands that carry data: a shell takes them, each source has its own, and none writes over data."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from report_factory import ROOT, finding, move, project

from volfix.fixes.results import ProjectResult
from volfix.report.carry import PLACEHOLDER, commands
from volfix.rules.findings import Move

FAKE = """#!/bin/sh
# writes its arguments, one call a line, and answers as docker would
line= end=$(printf '\\037')
for word in "$@"; do line="$line$word$end"; done
printf '%s\\n' "$line" >>"$LOG"
case "$*" in
  "ps "*) echo c0ffee ;;
  inspect*) echo 9f8e7d ;;
  "cp "*-wal*|"cp "*-journal*) echo "no such file" >&2; exit 1 ;;
esac
test -z "$FAIL" || case "$*" in *"$FAIL"*) exit 3 ;; esac
test "$1" != cp || echo archive
test "$1 $3" != "run -i" || case "$*" in *journal*) cat >/dev/null ;; *) grep -q archive || exit 1 ;; esac
exit 0
"""


def of(*moves: Move, files: tuple[Path, ...] | None = None, name: str = "shop") -> ProjectResult:
    return project(moves=moves, written=True, files=files, name=name)


def script(item: ProjectResult) -> str:
    return "\n".join(commands([item]).lines)


def ran(tmp_path: Path, item: ProjectResult, fail: str = "") -> tuple[int, list[list[str]]]:
    """The exit status of the commands, and every call of docker that they make, with a docker that only notes it."""
    docker = tmp_path / "docker"
    docker.write_text(FAKE)
    docker.chmod(0o755)
    log = tmp_path / "log"
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log), "FAIL": fail, "HOME": "/home/it's me"}
    done = subprocess.run(["sh", "-c", script(item)], env=environment, check=False, capture_output=True, text=True)
    return done.returncode, [line.split("\x1f")[:-1] for line in log.read_text().splitlines()]


def test_nothing_to_carry_is_no_command() -> None:
    assert commands([of()]).lines == ()
    assert commands([of()]).notes == ()


def test_a_host_directory(tmp_path: Path) -> None:
    status, calls = ran(tmp_path, of(move()))
    filters = [
        *("--filter", "label=com.docker.compose.project=shop"),
        *("--filter", "label=com.docker.compose.oneoff=False"),
    ]
    assert status == 0
    assert calls[0] == [
        *("volume", "create", "--label", "com.docker.compose.project=shop"),
        *("--label", "com.docker.compose.volume=app-db", "shop_app-db"),
    ]
    assert calls[1] == ["ps", "-q", *filters]
    assert calls[2] == ["stop", "c0ffee"]
    assert calls[3][:7] == [
        *("run", "--rm", "--mount", "type=bind,src=/srv/shop/data,dst=/from,readonly"),
        *("-v", "shop_app-db:/to", "alpine:3"),
    ]
    assert calls[3][-1].endswith("cp -a /from/. /to/")
    assert len(calls) == 4


def test_variants_of_a_project_are_stopped_once_and_copied_together(tmp_path: Path) -> None:
    """Both run as one project: what recreates its containers before all is copied loses what is in them."""
    variants = [of(move()), of(move("container:/srv/app/prod.db"), files=(ROOT / "compose.prod.yaml",))]
    lines = commands(variants).lines
    assert sum("docker stop" in line for line in lines) == 1
    assert not any(" up" in line for line in lines)
    assert next(("--mount" in line, "/srv/app/prod.db" in line) for line in lines if "cp" in line) == (True, False)


def test_the_copy_leaves_a_volume_alone_that_is_not_empty(tmp_path: Path) -> None:
    copy = shlex.split(commands([of(move())]).lines[2].removesuffix("&&"))[-1]
    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    target.mkdir()
    (source / "rows").write_text("old")
    local = copy.replace("/from/", f"{source}/").replace("/to/", f"{target}/").replace("ls -A /to", f"ls -A {target}")
    assert subprocess.run(["sh", "-c", local], check=False).returncode == 0
    assert (target / "rows").read_text() == "old"
    (target / "rows").write_text("new")
    refused = subprocess.run(["sh", "-c", local], check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert (target / "rows").read_text() == "new"


@pytest.mark.parametrize("fail", ["stop", "volume create", "--mount", "cp c0ffee:/app/a.db", "tar -x"])
def test_after_a_failure_nothing_starts(tmp_path: Path, fail: str) -> None:
    status, calls = ran(tmp_path, of(move(), move("container:/app/a.db")), fail)
    assert status != 0
    assert not any(call[0] in ("start", "compose") for call in calls)


@pytest.mark.parametrize(
    ("source", "files", "then"),
    [
        ("./data", (ROOT / "compose.yaml",), "/srv/shop/data"),
        ("./data/", (ROOT / "ops" / "compose.yaml",), "/srv/shop/ops/data"),
        ("../data", (ROOT / "ops" / "compose.yaml", ROOT / "compose.prod.yaml"), "/srv/shop/data"),
        (".", (ROOT / "compose.yaml",), "/srv/shop"),
        ("/srv/pg", (ROOT / "compose.yaml",), "/srv/pg"),
        ("~/pg data", (ROOT / "compose.yaml",), "/home/it's me/pg data"),
        ("~", (ROOT / "compose.yaml",), "/home/it's me"),
        ("./it's $(rm -rf x); `y`", (ROOT / "compose.yaml",), None),
        ("./it's; two words", (ROOT / "compose.yaml",), "/srv/shop/it's; two words"),
        ("/srv/pg-${STAGE}", (ROOT / "compose.yaml",), None),
        ("${DIR:-./data}", (ROOT / "compose.yaml",), None),
        ("$PWD/data", (ROOT / "compose.yaml",), None),
        ("~other/pg", (ROOT / "compose.yaml",), None),
        ("C:\\data", (ROOT / "compose.yaml",), "C:\\data"),
    ],
)
def test_the_host_path_is_that_of_the_first_file_or_has_to_be_put_in(
    tmp_path: Path, source: str, files: tuple[Path, ...], then: str | None
) -> None:
    item = of(move(source), files=files)
    status, calls = ran(tmp_path, item)
    assert status == 0
    (mount,) = [call[3] for call in calls if "--mount" in call]
    assert mount == f"type=bind,src={then or PLACEHOLDER},dst=/from,readonly"
    assert any(PLACEHOLDER in note for note in commands([item]).notes) is (then is None)


@pytest.mark.parametrize("source", ["/srv/a,b", '/srv/a"b', "~/a,b"])
def test_a_path_with_a_comma_or_a_quote_is_one_field(tmp_path: Path, source: str) -> None:
    import csv

    _, calls = ran(tmp_path, of(move(source)))
    (mount,) = [call[3] for call in calls if "--mount" in call]
    assert next(csv.reader([mount])) == [
        "type=bind",
        f"src={source.replace('~', '/home/it' + chr(39) + 's me')}",
        "dst=/from",
        "readonly",
    ]


def test_a_path_in_an_included_file_starts_from_that_file(tmp_path: Path) -> None:
    carried = move("./data")
    included = finding(path=ROOT / "parts" / "db.yaml", moves=(carried,))
    item = project([(included, True)], moves=(carried,), written=True)
    _, calls = ran(tmp_path, item)
    assert any("type=bind,src=/srv/shop/parts/data,dst=/from,readonly" in call for call in calls)


def test_an_anonymous_volume_is_found_by_what_the_container_mounts(tmp_path: Path) -> None:
    status, calls = ran(tmp_path, of(move("anonymous:/data/db", "db-data", "db", "/data/db")))
    assert status == 0
    inspect = next(call for call in calls if call[0] == "inspect")
    assert inspect == [
        "inspect",
        "--format",
        '{{range .Mounts}}{{if eq .Destination "/data/db"}}{{.Name}}{{end}}{{end}}',
        "c0ffee",
    ]
    copy = next(call for call in calls if call[0] == "run")
    assert copy[2:6] == ["-v", "9f8e7d:/from:ro", "-v", "shop_db-data:/to"]


def test_another_volume_has_to_be_there(tmp_path: Path) -> None:
    item = of(move("volume:shop_old", "app-db"))
    status, calls = ran(tmp_path, item)
    assert status == 0
    assert ["volume", "inspect", "shop_old"] in calls
    assert any(call[2:6] == ["-v", "shop_old:/from:ro", "-v", "shop_app-db:/to"] for call in calls)
    assert ran(tmp_path, item, "volume inspect")[0] != 0


def test_a_database_file_in_the_container_comes_with_its_journals(tmp_path: Path) -> None:
    status, calls = ran(tmp_path, of(move("container:/app/my data.db")))
    assert status == 0
    copies = [call[1:] for call in calls if call[0] == "cp"]
    assert copies == [[f"c0ffee:/app/my data.db{end}", "-"] for end in ("", "-wal", "-journal")]
    first = next(call for call in calls if call[0] == "run")
    assert first[:5] == ["run", "--rm", "-i", "-v", "shop_app-db:/to"]
    assert first[-1] == "my data.db"


def test_a_file_is_not_put_over_one_that_is_there_and_has_to_arrive(tmp_path: Path) -> None:
    line = next(line for line in commands([of(move("container:/app/a.db"))]).lines if line.startswith("docker cp"))
    inner = shlex.split(line.partition(" | ")[2].removesuffix("&&"))[-3]
    (tmp_path / "to").mkdir()
    (tmp_path / "a.db").write_text("old")
    archive = subprocess.run(["tar", "-c", "-C", tmp_path, "a.db"], check=True, capture_output=True).stdout

    def extract(data: bytes) -> subprocess.CompletedProcess[bytes]:
        local = inner.replace("/to", str(tmp_path / "to"))
        return subprocess.run(["sh", "-c", local, "sh", "a.db"], input=data, check=False, capture_output=True)

    assert extract(b"").returncode != 0
    assert extract(archive).returncode == 0
    assert (tmp_path / "to" / "a.db").read_text() == "old"
    (tmp_path / "to" / "a.db").write_text("new")
    assert b"a.db is in the volume already" in extract(archive).stderr
    assert (tmp_path / "to" / "a.db").read_text() == "new"


def test_a_directory_in_the_container_comes_whole(tmp_path: Path) -> None:
    status, calls = ran(tmp_path, of(move("container:/var/lib/mysql", "db-data", "db", "/var/lib/mysql/")))
    assert status == 0
    assert [call[1:] for call in calls if call[0] == "cp"] == [["c0ffee:/var/lib/mysql/.", "-"]]


def test_what_is_in_the_container_joins_what_the_directory_held(tmp_path: Path) -> None:
    _, calls = ran(tmp_path, of(move("container:/app/a.db"), move("./data")))
    copied = next(number for number, call in enumerate(calls) if "--mount" in call)
    assert copied < min(number for number, call in enumerate(calls) if call[0] == "cp")
    assert sum(call[:2] == ["volume", "create"] for call in calls) == 1


def test_names_that_a_shell_would_read_are_quoted(tmp_path: Path) -> None:
    item = of(move("./d", "a;b", "s$(x)"), files=(Path("/srv/it's/$HOME.yaml"),), name="p")
    status, calls = ran(tmp_path, item)
    assert status == 0
    assert calls[0][-1] == "p_a;b"
    lookups = [call for call in calls if call[:2] == ["ps", "-q"]]
    assert lookups
    assert all("label=com.docker.compose.project=p" in call for call in lookups)


def test_the_notes_say_what_has_to_be_checked_and_how_to_go_back() -> None:
    notes = " ".join(commands([of(move())]).notes)
    assert "/srv/shop/data is where ./data lies in this checkout" in notes
    assert "shop is what the containers' label com.docker.compose.project has to say" in notes
    assert "docker start" in notes
