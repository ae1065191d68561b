"""The recording in the README: a real run over a shop with 1,000 rows, as an SVG that stands by itself.

`python .github/recording.py` starts a Docker engine of its own (root on Linux, busybox-static), runs the commands, and
writes recording.svg. `--without-engine` renews only the commands that need none. `steps_of` reads back what `drawn` has
drawn, so a test compares it with what volfix prints.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Host

HERE = Path(__file__).parent
PICTURE = HERE / "recording.svg"
COMPOSE = """\
services:
  app:
    image: shop:1
    environment:
      DATABASE_URL: sqlite:////app/data/shop.db
    volumes:
      - ./data:/app/data
"""
COMMANDS = (
    "volfix rows --save before.json",
    "volfix",
    "volfix --write -q",
    "volfix carry --write",
    "docker compose up -d --force-recreate",
    "volfix rows --against before.json",
)
WITHOUT_ENGINE = (1, 2)
"""The commands that ask no engine, by their numbers."""
LEFT_OUT = {2: r"(?s).*?(?=^NOT CARRIED)", 3: r"(?s).*?(?=^counting)", 4: r"(?s).*"}
"""What `...` stands for: the diff that was shown before, what differs on each machine, and Compose's progress."""
ROWS = 1_000
COLUMNS, SIZE, LINE, PADDING = 92, 13, 18, 18
ADVANCE = 7.83
"""How far a letter of SIZE goes on in the widest of the fonts."""
PAUSE = 1.6
"""Seconds from one step to the next."""
STYLE = """\
text {
  font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
  fill: #1f2328; white-space: pre
}
rect { fill: #f6f8fa; stroke: #d1d9e0 }
.typed { font-weight: 700 }
.danger { fill: #b3261e; font-weight: 700 }
.good { fill: #176b3d; font-weight: 700 }
.quiet { fill: #59626e }
.removed { fill: #b3261e }
.added { fill: #176b3d }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  rect { fill: #0d1117; stroke: #3d444d }
  .danger, .removed { fill: #ff8f85 }
  .good, .added { fill: #63cf93 }
  .quiet { fill: #9aa5b3 }
}
@keyframes appear { from { opacity: 0 } to { opacity: 1 } }
@media (prefers-reduced-motion: no-preference) {
  g { animation: appear 0.25s backwards }
}
"""
KINDS = (
    (re.compile(r"\$ "), "typed"),
    (re.compile(r"error\[|NOT CARRIED"), "danger"),
    (re.compile(r".*\b1000\b"), "good"),
    (re.compile(r" +\d+ - "), "removed"),
    (re.compile(r" +\d+ \+"), "added"),
    (re.compile(r" +(= why|-->|\|)"), "quiet"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command as it is typed, and what it printed."""

    command: str
    output: str

    @property
    def lines(self) -> list[str]:
        return [f"$ {self.command}", *self.output.splitlines()]


def recorded(host: Host, directory: Path, commands: Iterable[str] = COMMANDS) -> list[Step]:
    """Deploy the shop with 1,000 rows on an engine, and run the commands there."""
    host.docker("tag", "box:1", "shop:1")
    shop = make_shop(directory)
    host.compose(shop, "up", "-d")
    return [
        Step(command, shortened(number, printed(host.environment, shop, command)))
        for number, command in enumerate(commands)
    ]


def renewed(steps: list[Step], directory: Path) -> list[Step]:
    """The steps, those that ask no engine with what volfix prints now."""
    shop, now = make_shop(directory), list(steps)
    for number in WITHOUT_ENGINE:
        now[number] = Step(COMMANDS[number], shortened(number, printed(os.environ, shop, COMMANDS[number])))
    return now


def shortened(number: int, output: str) -> str:
    """The output of the command with this number, with `...` for what is left out."""
    return (
        re.sub(LEFT_OUT[number], "...\n", output, count=1, flags=re.MULTILINE).strip() if number in LEFT_OUT else output
    )


def make_shop(directory: Path) -> Path:
    """The project, with its rows in ./data."""
    shop = directory / "shop"
    (shop / "data").mkdir(parents=True)
    (shop / "compose.yaml").write_text(COMPOSE)
    with closing(sqlite3.connect(shop / "data" / "shop.db")) as database, database:
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER)")
        database.executemany("INSERT INTO orders (total) VALUES (?)", ((number,) for number in range(ROWS)))
    return shop


def printed(environment: Mapping[str, str], shop: Path, command: str) -> str:
    """What a command prints in the shop, wrapped as in a terminal of COLUMNS columns, without its empty lines."""
    words = command.split()
    words = [sys.executable, "-m", *words] if words[0] == "volfix" else ["docker-compose", *words[2:]]
    done = subprocess.run(
        words,
        cwd=shop,
        env={**environment, "COLUMNS": str(COLUMNS), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines() if line.strip())


def drawn(steps: list[Step]) -> str:
    """The steps as SVG, below each other; they appear one by one, unless motion is not wanted."""
    width = round(COLUMNS * ADVANCE) + 2 * PADDING
    total = sum(len(step.lines) for step in steps) + len(steps) - 1
    height = total * LINE + 2 * PADDING
    body = "\n".join(_groups(steps))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" \
aria-labelledby="title about">
<title id="title">volfix in a terminal: 1,000 rows before and after a deployment</title>
<desc id="about">volfix counts 1,000 rows, shows that the database is inside the checkout, writes a named volume, \
carries the rows into it, and after the deployment counts 1,000 rows again.</desc>
<style>
{STYLE}</style>
<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>
{body}
</svg>
"""


def _groups(steps: list[Step]) -> Iterator[str]:
    row = 0
    for number, step in enumerate(steps):
        lines = []
        for line in step.lines:
            kind = next((f' class="{kind}"' for pattern, kind in KINDS if pattern.match(line)), "")
            y = PADDING + row * LINE + SIZE
            lines.append(f'<text x="{PADDING}" y="{y}" xml:space="preserve"{kind}>{escape(line, quote=False)}</text>')
            row += 1
        row += 1
        delay = f"{number * PAUSE:.1f}s"
        yield "\n".join([f'<g style="animation-delay: {delay}">', *lines, "</g>"])


def steps_of(picture: str) -> list[Step]:
    """The steps that an SVG shows."""
    steps = []
    for group in re.findall(r"<g [^>]*>\n(.*?)</g>", picture, re.DOTALL):
        first, *others = [unescape(line) for line in re.findall(r"<text [^>]*>(.*?)</text>", group)]
        steps.append(Step(first.removeprefix("$ "), "\n".join(others)))
    return steps


def main() -> None:
    """Record, and write the picture."""
    if "--without-engine" in sys.argv:
        with TemporaryDirectory() as directory:
            steps = renewed(steps_of(PICTURE.read_text(encoding="utf-8")), Path(directory))
    else:
        sys.path.insert(0, str(HERE.parent / "tests"))
        from conftest import own_engine

        with own_engine() as host, TemporaryDirectory() as directory:
            steps = recorded(host, Path(directory))
    PICTURE.write_text(drawn(steps), encoding="utf-8")


if __name__ == "__main__":
    main()
