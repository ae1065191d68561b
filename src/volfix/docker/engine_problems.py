"""Errors between volfix and the Docker engine, in the words of the engine or the operating system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class EngineProblem(Exception):
    """The engine cannot be reached, or refuses a request; the message says why in one line."""


class NotThere(EngineProblem):
    """The container or volume of the request does not exist, or is gone since it was listed."""


@contextmanager
def as_engine_problem() -> Iterator[None]:
    """Raise the errors of the SDK and of the connection as EngineProblem, in the words of the engine."""
    import docker
    import requests
    import urllib3

    try:
        yield
    except docker.errors.NotFound as error:
        raise NotThere(str(error.explanation or error)) from error
    except docker.errors.APIError as error:
        raise EngineProblem(str(error.explanation or error)) from error
    except (docker.errors.DockerException, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise EngineProblem(f"the connection to the engine broke: {_first_line(error)}") from error


def check_answer(answer: Any) -> None:
    """Raise EngineProblem where the engine refuses a request, with what it says."""
    if answer.status_code >= 400:
        try:
            message = answer.json()["message"]
        except (ValueError, KeyError, TypeError):
            message = answer.text or answer.reason
        raise EngineProblem(str(message).strip())


def cause_of(error: BaseException) -> str:
    """Why a connection failed, as the operating system says it: the libraries wrap that several times."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, OSError) and one.strerror:
            return one.strerror
        waiting += [one.__cause__, one.__context__, *one.args]
    return _first_line(error).removeprefix("Error while fetching server API version: ")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
