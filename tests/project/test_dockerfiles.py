"""What a Dockerfile says of the stage that a service builds; None wherever it cannot be told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from volfix.project.compose.merging import build_project
from volfix.project.image.stages import Stage, stage_of
from volfix.project.loader import Loader


def stage(
    directory: Path, dockerfile: str, build: str = "{context: .}", extra: dict[str, str] | None = None
) -> Stage | None:
    compose = f"services:\n  app:\n    build: {build}\n"
    for name, text in {"compose.yaml": compose, "Dockerfile": dockerfile, **(extra or {})}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    loader = Loader([], [])
    file = loader.compose(directory / "compose.yaml")
    assert file is not None
    return stage_of(build_project(directory, directory, (file,), loader).services["app"].build)


def built(directory: Path, dockerfile: str, build: str = "{context: .}") -> Stage:
    found = stage(directory, dockerfile, build)
    assert found is not None
    return found


BASES: dict[str, str | None] = {
    "FROM python:3.12": "python:3.12",
    "from python:3.12 as base\nFROM base": "python:3.12",
    "FROM a AS x\nFROM b AS y\nFROM x": "a",
    "FROM a AS x\nFROM X AS y\nFROM Y": "a",
    "FROM a AS x\nFROM b": "b",
    "FROM a AS a\nFROM a": "a",
    "FROM --platform=linux/amd64 a AS x\nFROM --platform=$BUILDPLATFORM x": "a",
    "FROM a@sha256:0123": "a@sha256:0123",
    "ARG V=3.12\nFROM python:$V": "python:3.12",
    "ARG V=3.12\nARG I=python:${V}-slim\nFROM ${I}": "python:3.12-slim",
    "ARG V\nFROM python:${V:-3.11}": "python:3.11",
    "FROM python:${V:-3.11}": "python:3.11",
    'ARG I="quoted:1"\nFROM $I': "quoted:1",
    "ARG S=x\nFROM a AS x\nFROM b AS y\nFROM $S": "a",
    "FROM scratch": None,
    "FROM scratch AS s\nFROM s": None,
    "ARG V\nFROM python:$V": None,
    "FROM python:$V": None,
    "FROM a:$TARGETARCH": None,
    "FROM a:${TARGETARCH:-amd64}": None,
    "ARG I=a\nFROM x\nARG I=b\nFROM $I": "a",
    "FROM x\nARG I=b\nFROM $I": None,
    "FROM": None,
    "FROM a \\\n  AS x\nFROM x": "a",
    "# FROM no\nFROM a": "a",
    "FROM a AS x\nFROM 0": "0",
}


@pytest.mark.parametrize(("dockerfile", "expected"), BASES.items())
def test_the_base_image_is_the_last_one_from_outside(dockerfile: str, expected: str | None, tmp_path: Path) -> None:
    assert built(tmp_path, dockerfile).base_image == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("{V: '3.9'}", "python:3.9"),
        ("[V=3.9]", "python:3.9"),
        ("{V: '${X:-3.8}'}", "python:3.8"),
        ("{V: '${X}'}", None),
        ("{V: }", "python:3.12"),
        ("{OTHER: x}", "python:3.12"),
    ],
)
def test_build_arguments_win_over_defaults(arguments: str, expected: str | None, tmp_path: Path) -> None:
    dockerfile = "ARG V=3.12\nFROM python:$V\nARG V"
    assert built(tmp_path, dockerfile, f"{{context: ., args: {arguments}}}").base_image == expected


@pytest.mark.parametrize(
    ("target", "expected"), [("x", "a"), ("X", "a"), ("y", "b"), ("0", "a"), ("1", "b"), ("2", "c"), ("", "c")]
)
def test_the_target_is_the_stage(target: str, expected: str, tmp_path: Path) -> None:
    dockerfile = "FROM a AS x\nWORKDIR /x\nFROM b AS y\nFROM c"
    found = built(tmp_path, dockerfile, f"{{context: ., target: '{target}'}}")
    assert found.base_image == expected
    assert found.workdir == ("/x" if expected == "a" else None)


@pytest.mark.parametrize("target", ["z", "3", "-1", "${T}", "²"])
def test_a_target_that_is_not_there_is_no_stage(target: str, tmp_path: Path) -> None:
    assert stage(tmp_path, "FROM a AS x\nFROM b", f"{{context: ., target: '{target}'}}") is None


WORKDIRS: dict[str, str | None] = {
    "WORKDIR /app": "/app",
    "workdir /app/": "/app",
    "WORKDIR /app\nWORKDIR data": "/app/data",
    "WORKDIR /app\nWORKDIR ../srv/./x//y": "/srv/x/y",
    "WORKDIR //app": "/app",
    "WORKDIR /app\nWORKDIR /srv": "/srv",
    'WORKDIR "/my app"': "/my app",
    "WORKDIR /a\\ b": "/a b",
    "WORKDIR /app/ # not a comment": "/app/ # not a comment",
    "ARG D=/app\nWORKDIR $D": "/app",
    "ENV D=/app\nWORKDIR ${D}/x": "/app/x",
    "ENV D /app\nWORKDIR $D": "/app",
    "ENV A=/a B=/b\nENV A=/c B=$A\nWORKDIR $B": "/a",
    "ARG D=/arg\nENV D=/env\nWORKDIR $D": "/env",
    "ENV D=/env\nARG D=/arg\nWORKDIR $D": "/env",
    "ARG D\nWORKDIR ${D:-/app}": "/app",
    "ENV D='/a b'\nWORKDIR $D": "/a b",
    "WORKDIR \\\n  /app": "/app",
    "RUN <<EOF\nWORKDIR /no\nEOF\nWORKDIR /yes": "/yes",
    "RUN echo \\\n# c\n x\nWORKDIR /yes": "/yes",
    # What the base image decides is not known.
    "": None,
    "WORKDIR app": None,
    "WORKDIR app\nWORKDIR x": None,
    "WORKDIR $HOME": None,
    "WORKDIR ${D:-/app}": None,
    "WORKDIR $D/x\nWORKDIR y": None,
    "ARG D\nWORKDIR $D": None,
    "ENV D=$HOME/x\nWORKDIR $D": None,
    "ARG D=/app\nENV D=$HOME\nWORKDIR $D": None,
    "ENV D=/app\nENV D=$HOME\nWORKDIR $D": None,
    "ENV D=$HOME\nENV D=/app\nWORKDIR $D": "/app",
    "WORKDIR /app\nWORKDIR $X\nWORKDIR /srv": "/srv",
    "ONBUILD WORKDIR /app": None,
}


@pytest.mark.parametrize(("instructions", "expected"), WORKDIRS.items())
def test_the_working_directory_is_absolute_or_not_known(
    instructions: str, expected: str | None, tmp_path: Path
) -> None:
    assert built(tmp_path, f"FROM a\n{instructions}\n").workdir == expected


def test_the_working_directory_of_an_earlier_stage_is_inherited(tmp_path: Path) -> None:
    assert (
        built(tmp_path, "FROM a AS x\nWORKDIR /app\nFROM b\nWORKDIR /no\nFROM x\nWORKDIR data").workdir == "/app/data"
    )


def test_nothing_is_inherited_from_a_stage_that_is_only_copied_from(tmp_path: Path) -> None:
    found = built(tmp_path, "FROM a AS x\nWORKDIR /app\nENV A=1\nUSER u\nFROM b\nCOPY --from=x /app /app")
    assert (found.workdir, dict(found.environment), found.user) == (None, {}, None)


def test_on_scratch_a_relative_directory_starts_at_the_root(tmp_path: Path) -> None:
    assert built(tmp_path, "FROM scratch\nWORKDIR app").workdir == "/app"


def test_arguments_end_with_their_stage(tmp_path: Path) -> None:
    assert built(tmp_path, "FROM a AS x\nARG D=/app\nFROM x\nWORKDIR $D").workdir is None
    assert built(tmp_path, "ARG D=/app\nFROM a\nWORKDIR $D").workdir is None
    assert built(tmp_path, "ARG D=/app\nFROM a\nARG D\nWORKDIR $D").workdir == "/app"
    assert built(tmp_path, "ARG D=/app\nFROM a\nARG D=/own\nWORKDIR $D").workdir == "/own"


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [
        ("", None),
        ("USER app", "app"),
        ("USER app\nUSER root", "root"),
        ("ARG U=app\nUSER $U", "app"),
        ("USER ${U}", "${U}"),
        ('USER "app:app"', "app:app"),
        ("USER 1000:1000", "1000:1000"),
    ],
)
def test_the_user_is_the_last_one_said(instructions: str, expected: str | None, tmp_path: Path) -> None:
    assert built(tmp_path, f"FROM a\n{instructions}\n").user == expected


def test_the_environment_holds_what_is_known(tmp_path: Path) -> None:
    text = "FROM a\nENV A=1 B='2 3' C=\"x$A\" PATH=/x:$PATH\nENV OLD form of=it\nENV A=2\nENV D=$A$B\nENV E\n"
    found = built(tmp_path, text)
    assert found.environment == {"A": "2", "B": "2 3", "OLD": "form of=it", "D": "22 3"}


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [
        ("VOLUME /data", ("/data",)),
        ('VOLUME ["/a", "/b c"]', ("/a", "/b c")),
        ("VOLUME /a /b\nVOLUME /a", ("/a", "/b")),
        ("ENV D=/data\nVOLUME $D $X", ("/data",)),
        ("VOLUME []", ()),
    ],
)
def test_volumes(instructions: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    assert built(tmp_path, f"FROM a AS x\n{instructions}\nFROM x\n").volumes == expected


CREATED: dict[str, tuple[str, ...]] = {
    "RUN mkdir -p /data && chown app /data\nUSER app": ("/data",),
    "RUN mkdir -p /data && chown app:app /data\nUSER app": ("/data",),
    "RUN mkdir -p /data \\\n    && chown -R app:app /data\nUSER app:app": ("/data",),
    "RUN mkdir -p /app/data\nRUN chown -R app /app\nUSER app": ("/app/data", "/app"),
    "RUN mkdir -p /srv/app/data/files && chown -R app /srv/app\nUSER app": (
        "/srv/app",
        "/srv/app/data",
        "/srv/app/data/files",
    ),
    "RUN chown app: /data\nUSER app": ("/data",),
    "RUN chown --recursive 1000:1000 /data\nUSER 1000": ("/data",),
    "RUN install -d -o app -g app /data /logs\nUSER app": ("/data", "/logs"),
    "RUN install -m 0755 -do app /data\nUSER app": ("/data",),
    "RUN install --directory --owner=app /data\nUSER app": ("/data",),
    "COPY --chown=app . /app\nUSER app": ("/app",),
    'COPY --chown=app:app [".", "/my app"]\nUSER app': ("/my app",),
    "ADD --chown=app x.tar /app/\nUSER app": ("/app",),
    "USER app\nRUN mkdir -p /home/app/data": ("/home/app/data",),
    "WORKDIR /app\nRUN mkdir data && chown app data\nUSER app": ("/app/data",),
    "RUN cd /app && mkdir data && chown app data\nUSER app": ("/app/data",),
    "ENV D=/data U=app\nRUN mkdir -p $D && chown $U $D\nUSER $U": ("/data",),
    "RUN <<EOF\nmkdir -p /data\nchown app /data\nEOF\nUSER app": ("/data",),
    'RUN ["chown", "app", "/data"]\nUSER app': ("/data",),
    'RUN ["/bin/sh", "-c", "mkdir /data; chown app /data"]\nUSER app': ("/data",),
    "RUN useradd app; set -e; chown app /data/\nUSER app": ("/data",),
    "RUN --mount=type=cache,target=/x chown app /data\nUSER app": ("/data",),
    # A directory that is not the user's own in the end, or not for sure.
    "RUN mkdir -p /data\nUSER app": (),
    "RUN mkdir -p /data && chown other /data\nUSER app": (),
    "RUN mkdir -p /data && chown :app /data\nUSER app": (),
    "RUN mkdir -p /data && chgrp app /data\nUSER app": (),
    "RUN mkdir -p /data && chown app /data": (),
    "RUN chown app /data\nRUN chown root /data\nUSER app": (),
    "RUN chown app /app/data\nRUN chown -R root:root /app\nUSER app": (),
    'RUN chown app /data && chown -R root "$X"\nUSER app': (),
    "RUN chown app /data && chown -R $X /data\nUSER app": (),
    "RUN chown app $X/data\nUSER app": (),
    "RUN chown app /data/*\nUSER app": (),
    "RUN chown app ~/data\nUSER app": (),
    "RUN chown app `pwd`/x $(pwd)/y\nUSER app": (),
    "RUN chown app data\nUSER app": (),
    "RUN mkdir -p /app/{data,logs} && chown app /app/{data,logs}\nUSER app": (),
    "RUN test -d /data || chown app /data\nUSER app": (),
    "RUN if true; then chown app /data; fi\nUSER app": (),
    "RUN echo 'chown app /data'\nUSER app": (),
    "RUN chown --reference=/x /data /y\nUSER app": (),
    "RUN install -o app file /data\nUSER app": (),
    "RUN install -d -g app /data\nUSER app": (),
    "# RUN chown app /data\nUSER app": (),
    "COPY . /app\nUSER app": (),
    "COPY --chown=other . /app\nUSER app": (),
    "USER app\nCOPY . /app": (),
    # WORKDIR makes the directory as root; a copy into it gives away what it copies, not the directory.
    "WORKDIR /app\nCOPY --chown=app . .\nUSER app": (),
    "USER app\nWORKDIR /app": (),
    "RUN mkdir -p /app/data\nCOPY --chown=app . /app\nUSER app": (),
    "USER app\nRUN mkdir -p /opt/data\nUSER other": (),
    "CMD chown app /data\nUSER app": (),
    "RUN python3 <<EOF\nchown app /data\nEOF\nUSER app": (),
}


@pytest.mark.parametrize(("instructions", "expected"), CREATED.items())
def test_created_directories_belong_to_the_user(instructions: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    found = built(tmp_path, f"FROM a\n{instructions}\n")
    assert found.given_to(found.user or "") == set(expected)


def test_a_directory_is_given_to_whom_it_is_given_whoever_the_image_runs_as(tmp_path: Path) -> None:
    found = built(tmp_path, "FROM a\nRUN mkdir -p /data /rows && chown 1000 /data && chmod g+w /rows\nUSER app\n")
    assert found.given_to("1000:1000") == {"/data"}
    assert found.given_to("7:0") == {"/rows"}
    assert found.given_to("app") == found.given_to("") == set()


def test_what_an_earlier_stage_gave_away_is_inherited(tmp_path: Path) -> None:
    assert built(tmp_path, "FROM a AS x\nRUN chown app /data\nFROM x\nUSER app").given_to("app") == {"/data"}
    assert built(tmp_path, "FROM a AS x\nRUN chown app /data\nFROM b\nUSER app").given_to("app") == set()


def test_a_context_above_the_compose_file_is_one_path(tmp_path: Path) -> None:
    deploy = tmp_path / "deploy"
    deploy.mkdir()
    (deploy / "compose.yaml").write_text("services: {app: {build: {context: ../}}}\n")
    loader = Loader([], [])
    file = loader.compose(deploy / "compose.yaml")
    assert file is not None
    build = build_project(tmp_path, deploy, (file,), loader).services["app"].build
    assert build is not None
    assert build.context == tmp_path


@pytest.mark.parametrize(
    "build",
    [
        "https://example.org/x.git",
        "git@example.org:x.git",
        "{context: 'https://example.org/x.git#main'}",
        "{context: nowhere}",
        "{context: '${UNKNOWN}'}",
        "{context: ., dockerfile: Nofile}",
        "{context: ., dockerfile: '${UNKNOWN}/Dockerfile'}",
        "{context: ., dockerfile: sub}",
        '{context: ., dockerfile: "a\\0b"}',
        "{context: ., dockerfile_inline: FROM a}",
        "{context: ., dockerfile: broken.Dockerfile}",
        "{context: ., dockerfile: binary.Dockerfile}",
        "{context: ., dockerfile: empty.Dockerfile}",
    ],
)
def test_no_dockerfile_that_can_be_read_is_no_stage(build: str, tmp_path: Path) -> None:
    extra = {
        "sub/x": "",
        "broken.Dockerfile": "FROM a\nRUN <<EOF\n",
        "binary.Dockerfile": "FROM a\0",
        "empty.Dockerfile": "# nothing\n",
    }
    assert stage(tmp_path, "FROM a", build, extra) is None


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (".", "root"),
        ("{context: .}", "root"),
        ("{context: ./sub}", "sub"),
        ("{context: sub, dockerfile: other/Own.dockerfile}", "own"),
        ("{context: sub, dockerfile: ../Dockerfile}", "root"),
        ("{context: '${DIR:-sub}', dockerfile: '${F:-Dockerfile}'}", "sub"),
        ("{dockerfile: sub/Dockerfile}", "sub"),
        ("lower", "lower"),
    ],
)
def test_the_dockerfile_is_relative_to_the_context(build: str, expected: str, tmp_path: Path) -> None:
    extra = {"sub/Dockerfile": "FROM sub", "sub/other/Own.dockerfile": "FROM own", "lower/dockerfile": "FROM lower"}
    found = stage(tmp_path, "FROM root", build, extra)
    assert found is not None
    assert found.base_image == expected


def test_a_service_without_build_has_no_stage(tmp_path: Path) -> None:
    written = {"compose.yaml": "services:\n  app:\n    image: a\n"}
    assert stage(tmp_path, "FROM a", extra=written) is None


def test_a_dockerfile_is_read_once_and_again_when_it_changed(tmp_path: Path) -> None:
    first = built(tmp_path, "FROM a")
    os.utime(tmp_path / "Dockerfile", ns=(1, 1))
    second = built(tmp_path, "FROM b")
    assert (first.base_image, second.base_image) == ("a", "b")
    loader = Loader([], [])
    file = loader.compose(tmp_path / "compose.yaml")
    assert file is not None
    service = build_project(tmp_path, tmp_path, (file,), loader).services["app"]
    assert stage_of(service.build) is stage_of(service.build)


def test_the_base_is_followed_through_very_many_stages(tmp_path: Path) -> None:
    text = "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(99))
    assert built(tmp_path, text).base_image == "a"
