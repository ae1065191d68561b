"""Given DOCKER_HOST, a context or TLS, when volfix connects, then it reaches the docker command's own engine."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host

from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine's own counts."""
    own = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
    for name in (
        *own,
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ):  # the last two win over the certificates of DOCKER_CERT_PATH
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


def test_docker_host_names_the_engine(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host.socket)
    assert Engine.connect().any_image()


def test_the_context_in_use_and_the_one_that_is_named(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (("create", "own", "--docker", f"host={host.socket}"), ("use", "own")):
        subprocess.run(["docker", "context", *words], check=True, capture_output=True)
    assert Engine.connect().any_image()
    monkeypatch.setenv("DOCKER_CONTEXT", "own")
    assert Engine.connect().any_image()
    monkeypatch.setenv("DOCKER_CONTEXT", "another")
    with pytest.raises(EngineProblem, match="no Docker context another"):
        Engine.connect()


@pytest.mark.parametrize("place", ["DOCKER_CONFIG", "home", "beside another's config.json", "with .dockercfg"])
def test_a_context_is_found_where_there_is_no_config_json(
    host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    """Only `docker context use` and `docker login` write that file."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".docker").mkdir(parents=True)
    if place == "beside another's config.json":
        (tmp_path / "home" / ".docker" / "config.json").write_text('{"currentContext": "theirs"}')
    elif place != "DOCKER_CONFIG":
        monkeypatch.delenv("DOCKER_CONFIG")
    if place == "with .dockercfg":
        (tmp_path / "home" / ".dockercfg").write_text("{}")
    words = ("docker", "context", "create", "own", "--docker", f"host={host.socket}")
    subprocess.run(words, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONTEXT", "own")
    assert Engine.connect().any_image()


def test_a_context_that_names_no_engine_is_said_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ("docker", "context", "create", "own", "--docker", "host=unix:///nowhere")
    subprocess.run(words, check=True, capture_output=True)
    (file,) = (tmp_path / "docker").rglob("meta.json")
    file.write_text("[]")
    monkeypatch.setenv("DOCKER_CONTEXT", "own")
    with pytest.raises(EngineProblem, match="context own names no engine that volfix can read"):
        Engine.connect()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_a_context_s_certificates_are_spoken_with(
    port: int, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ",".join(f"{name}={certificates}/{name}.pem" for name in ("ca", "cert", "key"))
    words = ("docker", "context", "create", "far", "--docker", f"host=tcp://127.0.0.1:{port},{given}")
    subprocess.run(words, check=True, capture_output=True)
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert Engine.connect().any_image()


@pytest.mark.parametrize("there", [False, True])
def test_who_does_not_answer_is_named_without_python_s_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: bool
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        if there:
            server.bind(f"{tmp_path}/sock")
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/sock")
        with pytest.raises(EngineProblem) as said:
            Engine.connect()
    reason = "Connection refused" if there else "No such file or directory"
    assert str(said.value).startswith(
        f"no Docker engine answers at unix://{tmp_path}/sock: {reason}. Name another engine with DOCKER_HOST"
    )
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(EngineProblem, match=r"at tcp://127\.0\.0\.1:1: Connection refused"):
        Engine.connect()


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """An authority, and a certificate for 127.0.0.1 that serves both sides, under the names that docker looks for."""
    directory = tmp_path / "certificates"
    directory.mkdir()
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    made = ("req", "-newkey", "rsa:2048", "-nodes", "-subj")
    for words in (
        (*made, "/CN=authority", "-x509", "-keyout", "ca-key.pem", "-out", "ca.pem"),
        (*made, "/CN=127.0.0.1", "-keyout", "key.pem", "-out", "request.pem"),
        ("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
         "-extfile", "names", "-out", "cert.pem"),
    ):  # fmt: skip
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=directory)
    return directory


@pytest.fixture
def port(host: Host, certificates: Path) -> Iterator[int]:
    """A port of this machine behind which the engine answers those who have a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, context, host.socket), daemon=True).start()
        yield server.getsockname()[1]


def _serve(server: socket.socket, context: ssl.SSLContext, engine: str) -> None:
    while True:
        try:
            accepted, _ = server.accept()
            client = context.wrap_socket(accepted, server_side=True)
        except ssl.SSLError:
            continue
        except OSError:
            return
        inner = socket.socket(socket.AF_UNIX)
        inner.connect(engine.removeprefix("unix://"))
        for source, target in ((client, inner), (inner, client)):
            threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_tls_is_spoken_with_the_certificates_of_the_environment(
    port: int, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(certificates))
    assert Engine.connect().any_image()
    monkeypatch.delenv("DOCKER_TLS_VERIFY")
    monkeypatch.delenv("DOCKER_CERT_PATH")
    with pytest.raises(EngineProblem, match="no Docker engine answers"):
        Engine.connect()
