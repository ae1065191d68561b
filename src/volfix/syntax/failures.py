"""Turns an unexpected error in one file or stack into one line, so that the other files and stacks go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from volfix.syntax.source import FileProblem

Asked = ParamSpec("Asked")
Result = TypeVar("Result")
KNOWN: tuple[tuple[type[Exception], str, str], ...] = (
    (RecursionError, "", "it nests too deeply or refers to itself"),
    (MemoryError, "", "there is not enough memory for it"),
    (UnicodeEncodeError, "", "a path in it contains a character that is impossible in a file name"),
    (ValueError, "null byte", "a path in it contains a NUL character, which is impossible in a file name"),
)
"""Errors that tell what is wrong with the file: the type, words in the message, and the reason to print."""
PACKAGE = Path(__file__).parents[1]


def failure(path: Path, error: Exception, undone: str = "not checked") -> FileProblem:
    """An unexpected error as a problem of the file at `path`; `undone` is what volfix could not do.

    The problem names the error's type and place but not its text, because the text may contain a secret.
    """
    for kind, words, reason in KNOWN:
        if isinstance(error, kind) and words in str(error):
            return FileProblem(path, f"{undone}: {reason}")
    if isinstance(error, OSError) and error.strerror:
        return FileProblem(path, f"{undone}: {error.strerror}")
    return FileProblem(path, f"{undone}: {unexpected(error)}")


def unexpected(error: Exception) -> str:
    """An error in volfix as one line for a message: its type and place."""
    import traceback  # few runs meet an unexpected error

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if PACKAGE in Path(frame.filename).parents]
    place = f" in {Path(frames[-1].filename).relative_to(PACKAGE)}, line {frames[-1].lineno}" if frames else ""
    return f"an error in volfix ({type(error).__name__}{place}): please report it"


def one_file(
    *expected: type[Exception],
) -> Callable[[Callable[Concatenate[Path, Asked], Result]], Callable[Concatenate[Path, Asked], Result]]:
    """A decorator for a function that reads one file: it raises only FileProblem and the exceptions `expected`."""

    kinds: tuple[type[Exception], ...] = (FileProblem, *expected)

    def bounded(read: Callable[Concatenate[Path, Asked], Result]) -> Callable[Concatenate[Path, Asked], Result]:
        @wraps(read)
        def reading(path: Path, /, *asked: Asked.args, **named: Asked.kwargs) -> Result:
            try:
                return read(path, *asked, **named)
            except kinds:
                raise
            except Exception as error:
                raise failure(path, error) from error

        return reading

    return bounded
