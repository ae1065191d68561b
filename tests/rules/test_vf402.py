"""VF402: which deletions of files reach what a service has mounted, and which do not."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.project.shell.file_deletions import covers, is_kept

COMPOSE = (
    "services:\n  db:\n    image: mongo:7\n    volumes:\n      - ./state/db:/data/db\n"
    "      - ./conf:/etc/mongo:ro\n  web:\n    image: nginx\n    volumes: ['./html:/usr/share/nginx/html']\n"
)


def found(root: Path, files: dict[str, str]) -> list[int]:
    """The lines on which VF402 reports a command."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [item.location.line for item in volfix.plan(root, select=["VF402"]).findings]


UP = "docker compose up -d\n"


@pytest.mark.parametrize(
    "text",
    [
        "rm -rf state",
        "rm -rf ./state/",
        "sudo rm -r state/db",
        "rm -fR state/db/*",
        "rm --recursive --force state",
        "rm -rf build state dist",
        "rm -rf *",
        "rm -rf ./*",
        "rm -rf st*",
        'rm -rf "$PWD/state"',
        "rm -rf $(pwd)/state",
        'D=state; rm -rf "$D"',
        'D=state; rm -rf "${D}/db"',
        "cd state && rm -rf db && cd ..",
        "( cd state; rm -rf db )",
        "git clean -fdx",
        "git clean -ffdx",
        "git clean -xdf",
        "git clean -f -d -x",
        "git clean -d --force -x",
        "git clean -fd",
        "git clean -fdx -e conf",
        "git -C . clean -fdx",
        "git -c clean.requireForce=false clean -fdx",
        "git --git-dir .git --work-tree . clean -fdx",
        "find state -exec shred -u {} +",
        "find state -mindepth 1 -execdir rm {} ';'",
        "git reset --hard && git clean -fdx && git pull",
        "git clean -fdx -e=state",  # git takes the sign for a part of the pattern
        "rsync -a --delete ./ host:/srv/app",
        "rsync -a --delete --exclude conf ./ host:/srv/app/",
        "rsync -a --delete --exclude 'state/logs' . host:/srv/app",
        "rsync -az --delete-after -e 'ssh -p 22' ./ user@host:app/",
        "rsync -a --delete --exclude state --delete-excluded ./ host:/srv/app",
    ],
)
def test_the_mounted_directory_goes(text: str, tmp_path: Path) -> None:
    assert found(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": f"{text}\n{UP}"}) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "rm -f state/db.lock",
        "rm -- -r state",
        "rm state",
        "rm -rf dist build node_modules",
        "rm -rf state.old statex /tmp/state",
        "rm -rf state/db/journal",
        "rm -rf conf",
        "rm -rf /var/lib/app/state",
        'rm -rf "$BUILD"',
        "rm -rf ~/.cache",
        "cd build && rm -rf state",
        "echo rm -rf state",
        "# rm -rf state",
        "docker compose run --rm web rm -rf state",
        "docker compose exec db sh -c 'rm -rf state'",
        "git clean -n -fdx",
        "git clean -f",
        "git clean -dx",
        "git clean -fdx -e state",
        "git clean -fdx --exclude=/state/",
        "git clean -fdx html",
        "git clean -fd -- -old",
        "git checkout . && git pull",
        "rsync -a ./ host:/srv/app",
        "rsync -an --delete ./ host:/srv/app",
        "rsync -a --delete --exclude state ./ host:/srv/app",
        "rsync -a --delete --exclude='/state/*' ./ host:/srv/app",
        "rsync -a --delete --filter='P state' ./ host:/srv/app",
        "rsync -a --delete -f '- state' ./ host:/srv/app",
        "rsync -a --delete -f protect,state ./ host:/srv/app",
        "rsync -a --delete --exclude-from=.rsyncignore ./ host:/srv/app",
        "rsync -a --delete html/ host:/srv/app/html/",
        "rsync -a --delete ./ host:/tmp/build",
        "rsync -a --delete host:/srv/app/state ./backup",
        "find state -name '*.tmp'",
        "find state -exec ls {} +",
        "git; rm -rf dist",
        "git -C state; rm -rf dist",
        "trap 'rm -rf state' EXIT",
        '[ "$1" = reset ] && rm -rf state',
    ],
)
def test_the_mounted_directory_stays(text: str, tmp_path: Path) -> None:
    assert found(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": f"{text}\n{UP}"}) == []


@pytest.mark.parametrize(
    "options",
    [
        *("-T tmp", "-e ssh", "-f '- x'", "--bwlimit 9", "--timeout 9", "--port 9", "--info stats", "--max-size 9m"),
        *("--chmod a+r", "--chown a:b", "--rsync-path r", "--out-format x", "--log-file x", "--temp-dir x"),
        *("--password-file x", "--backup-dir x", "--compare-dest x", "--link-dest x", "--include x", "--exclude x"),
    ],
)
def test_the_value_of_an_option_is_not_the_target(options: str, tmp_path: Path) -> None:
    assert found(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": f"rsync -a --delete ./ h:/srv {options}\n{UP}"}) == [
        1
    ]


@pytest.mark.parametrize(
    "test",
    [
        *(
            "-name x",
            "-iname x",
            "-path x",
            "-wholename x",
            "-regex x",
            "-mtime +7",
            "-mmin +7",
            "-atime +7",
            "-ctime +7",
        ),
        *("-newer x", "-size +9", "-empty", "-user x", "-perm 600", "! -type d", "-not -type d", "-name x -prune -o"),
    ],
)
def test_a_test_may_spare_the_data(test: str, tmp_path: Path) -> None:
    assert found(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": f"find state {test} -delete\n{UP}"}) == []


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"ops/deploy.sh": f"rm -rf state\n{UP}"}, [1]),  # it is called where the Compose file is
        ({"ops/Makefile": f"deploy:\n\trm -rf state\n\t{UP}"}, []),  # make works in the directory of its file
        ({"Makefile": f"deploy:\n\trm -rf state\n\t{UP}"}, [2]),
        ({"deploy.sh": "rm -rf state\nsystemctl restart shop\n"}, [1]),  # a name alone makes the deployment
        ({"clean.sh": "rm -rf state\nsystemctl restart shop\n"}, []),
    ],
)
def test_where_the_command_runs(files: dict[str, str], lines: list[int], tmp_path: Path) -> None:
    assert found(tmp_path, {"compose.yaml": COMPOSE, **files}) == lines


def test_git_keeps_what_it_ignores_unless_x_is_given(tmp_path: Path) -> None:
    files = {"compose.yaml": COMPOSE, ".gitignore": "# data\n/state/\n"}
    assert found(tmp_path, {**files, "deploy.sh": f"git clean -fd\n{UP}"}) == []
    assert found(tmp_path, {**files, "deploy.sh": f"git clean -fdx\n{UP}"}) == [1]


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        (".gitignore", "state/*\n!state/.gitkeep\n", []),  # all that comes into it is ignored
        ("state/.gitignore", "*\n!.gitignore\n", []),
        (".gitignore", "**/db/\n", []),
        (".gitignore", "state\n!state\n", [1]),  # taken back
        (".gitignore", "tate\nst\n", [1]),
        (".gitignore", "/db\nsrc/state\n", [1]),  # anchored elsewhere
        (".gitignore", "state/*.log\n", [1]),
    ],
)
def test_git_reads_its_patterns(name: str, text: str, lines: list[int], tmp_path: Path) -> None:
    assert found(tmp_path, {"compose.yaml": COMPOSE, name: text, "deploy.sh": f"git clean -fd\n{UP}"}) == lines


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [("state", []), ("/state/*", []), ("db", []), ("'state/**'", []), ("/db", [1]), ("'!state'", [1]), ("html", [1])],
)
def test_git_clean_is_told_what_to_keep(pattern: str, lines: list[int], tmp_path: Path) -> None:
    deploy = f"git clean -fdx -e {pattern} -e html\n{UP}"
    assert found(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": deploy}) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ssh h 'cd /srv/app && rm -rf /srv/app/state && docker compose up -d'\n", [1]),
        ("ssh h 'cd /srv/app && rm -rf state && docker compose up -d'\n", [1]),
        ("ssh h <<EOF\ncd app\nrm -rf ~/app/state\ndocker compose up -d\nEOF\n", [3]),
        ("ssh h 'rm -rf /srv/app && git clone x /srv/app && cd /srv/app && docker compose up -d'\n", [1]),
        ("ssh h 'rm -rf /srv/other && cd /srv/app && docker compose up -d'\n", []),
        ("rm -rf /srv/app\nssh h 'cd /srv/app && docker compose up -d'\n", [1]),
        ("ssh h 'cd /srv/app && docker compose up -d'\nrsync -a --delete ./ h:/srv/www\n", []),
        ("ssh h 'cd /srv/app && docker compose up -d'\nrsync -a --delete ./ h:/srv/app\n", [2]),
        ("ssh h 'cd /srv/app && docker compose up -d'\nrsync -a --delete . h:/srv/app\n", [2]),
        ("ssh h 'cd /srv/app && docker compose up -d'\nrsync -a --delete $PWD h:/srv/app\n", []),
        ("ssh h 'cd /srv/{name} && docker compose up -d'\nrsync -a --delete $PWD h:/srv\n", [2]),
        ("ssh h 'cd $APP && docker compose up -d'\nrsync -a --delete ./ h:$APP/\n", [2]),
    ],
)
def test_on_another_machine_the_checkout_lies_elsewhere(text: str, lines: list[int], tmp_path: Path) -> None:
    deploy = text.replace("{name}", tmp_path.name)
    assert found(tmp_path, {"compose.yaml": COMPOSE, "deploy.sh": deploy}) == lines


@pytest.mark.parametrize(
    ("step", "count"),
    [
        ("image: drillster/drone-rsync\n  settings: {target: /srv/app, delete: true}", 1),
        ("image: drillster/drone-rsync\n  settings: {target: /srv/app, delete: true, exclude: [state]}", 0),
        ("image: drillster/drone-rsync\n  settings: {target: /srv/app, delete: false}", 0),
        ("image: appleboy/drone-scp\n  settings: {target: /srv/app, rm: true}", 1),
        ("image: appleboy/drone-scp\n  settings: {target: /srv/app}", 0),
        ("image: appleboy/drone-scp\n  settings: {target: /srv/web, rm: true}", 0),
    ],
)
def test_plugins_that_copy(step: str, count: int, tmp_path: Path) -> None:
    text = (
        f"kind: pipeline\nname: a\nsteps:\n- name: copy\n  {step}\n- name: up\n  image: appleboy/drone-ssh\n"
        "  settings:\n    script: [cd /srv/app, docker compose up -d]\n"
    )
    assert len(found(tmp_path, {"compose.yaml": COMPOSE, ".drone.yml": text})) == count


@pytest.mark.parametrize(
    "name", ["wipe.sh", "reset.sh", "tests/run.sh", "recreate-db.sh", "dev.sh", "docker-compose.test.yml"]
)
def test_what_somebody_asks_for_is_no_finding(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, {"compose.yaml": COMPOSE, name: f"rm -rf state\n{UP}"}) == []


def test_a_finding_says_what_is_in_the_directory_and_has_no_fix(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "deploy.sh").write_text(f"\nsudo rm -rf state\n{UP}")
    (finding,) = volfix.plan(tmp_path, unsafe_fixes=True, select=["VF402"]).findings
    assert "`rm -rf state`, which deletes the data of MongoDB in ./state/db" in finding.danger
    assert (finding.location.line, finding.location.column) == (2, 6)
    assert finding.fix is None
    assert finding.reason == "keep the data in a named volume, or leave ./state/db out of the command"


@pytest.mark.parametrize(
    ("text", "spare"),
    [
        ("rsync -a --delete ./ h:/srv/app", "use --exclude=db"),
        ("git clean -fd", "use `git clean -e db`"),
        ("find state -delete", "leave ./state/db out of the command"),
    ],
)
def test_a_finding_says_how_the_command_would_spare_the_data(text: str, spare: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "deploy.sh").write_text(f"{text}\n{UP}")
    (finding,) = volfix.plan(tmp_path, select=["VF402"]).findings
    assert finding.reason == f"keep the data in a named volume, or {spare}"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/a/b", "/a/b", True),
        ("/a", "/a/b", True),
        ("/a/b/*", "/a/b", True),
        ("/a/b/.*", "/a/b", True),
        ("/a/b/c", "/a/b", False),
        ("/a/x/*", "/a/b", False),
        ("/a/*", "/a/b/c", True),
        ("/a/x*", "/a/b", False),
        ("/", "/a", False),
        ("a", "/a", False),
        ("$D/x", "$D/x/y", True),
        ("$D/x", "$E/x/y", False),
    ],
)
def test_covers(pattern: str, path: str, expected: bool) -> None:
    assert covers(pattern, path) is expected


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["state"], True),
        (["/state"], True),
        (["state/"], True),
        (["/state/*"], True),
        (["db"], True),
        (["state/db"], True),
        (["state/db/**"], True),
        (["/db"], False),
        (["state/logs/*"], False),
        (["*.log"], False),
        ([], False),
    ],
)
def test_is_kept(patterns: list[str], expected: bool) -> None:
    assert is_kept("state/db", patterns) is expected
