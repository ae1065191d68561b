"""A function that is run in a process of its own under strace, which ends it or fails one of its file calls.

Everything that it imports must be loaded before, so that its file calls are those of its work.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from .command_line import Ended, raised

CALLS = (
    *(
        "openat",
        "read",
        "pread64",
        "write",
        "pwrite64",
        "fsync",
        "fdatasync",
        "close",
        "rename",
        "renameat",
        "renameat2",
    ),
    *("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "newfstatat", "fstat", "getdents64", "fchmod", "fchown"),
    *(
        "fchmodat",
        "ftruncate",
        "flock",
        "fcntl",
        "readlink",
        "link",
        "linkat",
        "symlink",
        "flistxattr",
        "lseek",
        "statx",
    ),
)
STRIDE = 7919
"""A prime: numbers one after the other, times this, are spread over all of a list, and leave none out."""
ERRORS = ("EIO", "ENOSPC", "EACCES", "EMFILE", "EROFS", "EINTR")
CALL = re.compile(r"^(\w+)\(")


def lacking() -> str | None:
    if shutil.which("strace") is None:
        return "strace is not on PATH"
    try:
        traced(lambda: 0, "-o", os.devnull)
    except OSError as error:
        return str(error)
    return None


def calls_of(action: Callable[[], int]) -> list[tuple[str, int]]:
    """Every file call of the action in order: its name, and which one of that name it is."""
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "log")
        traced(action, "-o", str(log))
        names = [found[1] for line in log.read_text(errors="replace").splitlines() if (found := CALL.match(line))]
    counted: Counter[str] = Counter()
    found_calls = []
    for name in names:
        counted[name] += 1
        found_calls.append((name, counted[name]))
    return found_calls


def disturbed(action: Callable[[], int], call: tuple[str, int], effect: str) -> Ended:
    """Run the action; at that file call it is killed (KILL), or the call fails with this error."""
    what = "signal=KILL" if effect == "KILL" else f"error={effect}"
    return traced(action, "-o", os.devnull, "-e", f"inject={call[0]}:{what}:when={call[1]}")


def traced(action: Callable[[], int], *options: str) -> Ended:
    """Run the action under strace with these options."""
    with tempfile.TemporaryDirectory() as directory:
        output, errors = Path(directory, "output"), Path(directory, "errors")
        child = os.fork()
        if child == 0:
            _child(action, output, errors)
        os.waitpid(child, os.WUNTRACED)
        words = ["strace", "-p", str(child), "-e", f"trace={','.join(CALLS)}", *options]
        with subprocess.Popen(words, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as tracer:
            assert tracer.stderr is not None
            while "attached" not in (line := tracer.stderr.readline()):
                if not line:
                    os.kill(child, signal.SIGKILL)
                    raise OSError("strace does not attach to a process here")
            os.kill(child, signal.SIGCONT)
            _, status = os.waitpid(child, 0)
            tracer.stderr.read()
        code = os.waitstatus_to_exitcode(status)
        return Ended(None if code < 0 else code, output.read_text(), errors.read_text())


def _child(action: Callable[[], int], output: Path, errors: Path) -> None:
    status = 70
    try:
        for number, path in ((1, output), (2, errors)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.kill(os.getpid(), signal.SIGSTOP)
        status = action()
    except BaseException:  # noqa: BLE001 - what nobody caught is what is looked for
        os.write(2, raised().encode())
    finally:
        os._exit(status)
