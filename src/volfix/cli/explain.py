"""`volfix explain`: a rule in words, or what to look at in a project whose data still disappears."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from volfix.cli.groups import complete_rule_or_path

CODE = re.compile(r"vf\d{3}\Z", re.IGNORECASE)


@click.command("explain", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("subject", metavar="[CODE|PATH]", default=".", shell_complete=complete_rule_or_path)
@click.option("--rules", is_flag=True, help="List the rules.")
@click.option(
    "--markdown",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the documentation to DIR: a page a rule, the command line, the configuration.",
)
@click.option(
    "-p", "--project-name", envvar="COMPOSE_PROJECT_NAME", metavar="NAME", help="The project's name on this host."
)
def command(subject: str, rules: bool, markdown: Path | None, project_name: str | None) -> None:
    """Explain a rule (CODE), or walk through "data still disappearing?" for the project at PATH.

    With CODE: what the rule finds, why, its fix, examples, sources. Without: the checklist for the project here, each
    question answered from its files, and from the Docker engine where one answers. Of several projects it gives the
    verdicts, and says how to see one in full. Where no project is, the rules.
    """
    from volfix.docker.carry_jobs import CarryProblem
    from volfix.report.explain import explain, overview
    from volfix.rules.registry import REGISTRY

    if markdown is not None:
        from volfix.cli.documentation import write

        click.echo(f"{write(markdown)} pages in {markdown}")
        return
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
        click.echo(_checklist(subject, path, project_name))
    except CarryProblem as problem:
        click.echo(f"volfix: {problem}\n", err=True)
        click.echo(overview(REGISTRY.values()))


def _checklist(subject: str, path: Path, name: str | None) -> str:
    from volfix.api import plan, root_of
    from volfix.configuration.nearest import names
    from volfix.docker.carried_marks import carried_marks
    from volfix.docker.checklist import SECONDS, with_engine, with_history, within, without_carried
    from volfix.docker.deployed import projects_at
    from volfix.docker.engine import Engine
    from volfix.docker.engine_problems import EngineProblem
    from volfix.report.checklist import render, render_several
    from volfix.rules.checklist import checklist

    asked, run = projects_at(path, name), plan(root_of(path), configuration=names()).run
    engine, note = None, None
    try:
        engine = Engine.connect(SECONDS)
    except EngineProblem as problem:
        note = str(problem)
    answers = []
    for file, each in asked:
        deployed, findings = within(run, each, name)
        points = checklist(deployed.context, deployed.read, findings)
        if engine is not None:
            try:
                marks = list(carried_marks(engine, deployed))
                carried = checklist(deployed.context, deployed.read, without_carried(findings, marks))
                points = with_engine(with_history(carried, deployed, marks), engine, deployed, marks)
            except EngineProblem as problem:
                engine, note = None, str(problem)
        answers.append(
            (
                os.path.relpath(file, path),
                deployed.project.name,
                points if engine is not None else with_history(points, deployed),
            )
        )
    if len(answers) > 1:
        return render_several(subject, answers, note)
    _, title, points = answers[0]
    return render(title, points, note)
