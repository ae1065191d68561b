"""`volfix explain`: a rule in words, or what to look at in a project whose data still disappears."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

CODE = re.compile(r"vf\d{3}\Z", re.IGNORECASE)


@click.command("explain", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("subject", metavar="[CODE|PATH]", default=".")
@click.option("--rules", is_flag=True, help="List the rules.")
@click.option(
    "-p", "--project-name", envvar="COMPOSE_PROJECT_NAME", metavar="NAME", help="The name that the project runs under."
)
def command(subject: str, rules: bool, project_name: str | None) -> None:
    """Explain a rule (CODE), or walk through "data still disappearing?" for the project at PATH.

    With CODE: what the rule finds, why, its fix, examples, sources. Without: the checklist for the project here, each
    question answered from its files, and from the Docker engine where one answers. Where no project is, the rules.
    """
    from volfix.docker.carry_jobs import CarryProblem
    from volfix.report.explain import explain, overview
    from volfix.rules import REGISTRY

    if rules:
        click.echo(overview(REGISTRY.values()))
        return
    if CODE.match(subject) and not Path(subject).exists():
        rule = REGISTRY.get(subject.upper())
        if rule is None:
            raise click.BadParameter(f"there is no rule {subject}; `volfix explain --rules` lists them")
        click.echo(explain(rule))
        return
    path = Path(os.path.abspath(subject))  # noqa: PTH100 - links stay
    if not path.exists():
        raise click.BadParameter(f"{subject} is neither a rule nor a path; `volfix explain --rules` lists the rules")
    try:
        click.echo(_checklist(path, project_name))
    except CarryProblem as problem:
        click.echo(f"volfix: {problem}\n", err=True)
        click.echo(overview(REGISTRY.values()))


def _checklist(path: Path, name: str | None) -> str:
    from volfix.api import plan, root_of
    from volfix.docker.carried_marks import carried_marks
    from volfix.docker.checklist import SECONDS, with_engine, with_history, within, without_carried
    from volfix.docker.deployed import deployed_at
    from volfix.docker.engine import Engine
    from volfix.docker.engine_problems import EngineProblem
    from volfix.report.checklist import render
    from volfix.rules.checklist import checklist

    asked = deployed_at(path, name)
    deployed, findings = within(plan(root_of(path)).run, asked, name)
    points, note = with_history(checklist(deployed.context, deployed.read, findings), deployed), None
    try:
        engine = Engine.connect(SECONDS)
        marks = list(carried_marks(engine, deployed))
        points = with_history(checklist(deployed.context, deployed.read, without_carried(findings, marks)), deployed)
        points = with_engine(points, engine, deployed, marks)
    except EngineProblem as problem:
        note = str(problem)
    return render(deployed.project.name, points, note)
