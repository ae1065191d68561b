"""The command: `python -m tests.campaign --minutes 60`, from the repository's root."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Mapping

import click

from .parts import PARTS
from .run import alone, campaign
from .table import Tally, made_again, rendered


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", default=2.0, show_default=True, help="How long to go on.")
@click.option("--cases", type=int, help="So many cases of each part, however long they take.")
@click.option("--sample", is_flag=True, help="The cases that .ci/run tries: the same ones each time.")
@click.option("--part", "names", type=click.Choice(sorted(PARTS)), multiple=True, help="This part alone; repeatable.")
@click.option("--seed", type=int, help="The first seed of each part; any, and printed, where it is not given.")
@click.option("--jobs", type=int, default=os.cpu_count() or 1, show_default=True, help="Processes at once.")
def main(minutes: float, cases: int | None, sample: bool, names: tuple[str, ...], seed: int | None, jobs: int) -> None:
    """Attack what volfix promises, and print one table: promise, tried, failed. Status 1 where anything failed."""
    alone()
    first = seed if seed is not None else 0 if sample else random.SystemRandom().randrange(10**9)
    parts = {name: PARTS[name] for name in names or PARTS if PARTS[name].sample or not sample}
    numbers = {name: part.sample if cases is None else cases for name, part in parts.items() if sample or cases}
    click.echo(f"seeds from {first} on, {jobs} processes", err=True)
    told = time.monotonic()

    def progress(tallies: Mapping[str, Tally]) -> None:
        nonlocal told
        if time.monotonic() - told > 60:
            told = time.monotonic()
            click.echo(
                ", ".join(f"{name} {tally.tried}/{len(tally.failures)}" for name, tally in tallies.items()), err=True
            )

    def failed(name: str, number: int, text: str) -> None:
        click.echo(made_again(name, number, text))

    tallies = campaign(parts, first=first, minutes=minutes, cases=numbers, jobs=jobs, progress=progress, failed=failed)
    click.echo(rendered(parts, tallies))
    sys.exit(any(tally.failures for tally in tallies.values()))


if __name__ == "__main__":
    main()
