"""`volfix explain`: a rule in words, or what the data of a project depends on, each with a verdict."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from volfix.cli.groups import complete_rule_or_path
from volfix.cli.outputs import tell

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
@click.pass_context
def command(ctx: click.Context, /, subject: str, rules: bool, markdown: Path | None, project_name: str | None) -> None:
    """Explain a rule (CODE), or say whether the data of the project at PATH is SAFE, AT RISK or UNKNOWN.

    With CODE: what the rule finds, why, its fix, examples, sources. With PATH (.): each thing that the data depends on,
    with its verdict, from the files and from the Docker engine where one answers. Of several projects only the
    verdicts. Where no project is, the rules. Exit status: 0, or 2 where a file could not be read.
    """
    from volfix.docker.carry_jobs import CarryProblem, NotRead
    from volfix.report.explain import explain, overview
    from volfix.rules.registry import REGISTRY

    if markdown is not None:
        from volfix.cli.documentation import write

        tell(f"{write(markdown)} pages in {markdown}")
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
        text, is_whole = _checklist(subject, path, project_name)
        click.echo(text)
        ctx.exit(0 if is_whole else 2)
    except NotRead as problem:
        raise click.ClickException(str(problem)) from problem
    except CarryProblem as problem:
        tell(f"volfix: {problem}\n", err=True)
        click.echo(overview(REGISTRY.values()))


def _checklist(subject: str, path: Path, name: str | None) -> tuple[str, bool]:
    """What to print, and whether every file could be read; names those that could not on standard error.

    Raises NotRead where the project itself cannot be read, CarryProblem where there is none.
    """
    from volfix.api import plan, root_of
    from volfix.configuration.nearest import names
    from volfix.docker.carried_marks import carried_marks
    from volfix.docker.checklist import SECONDS, with_engine, with_history, within, without_carried
    from volfix.docker.deployed import projects_at
    from volfix.docker.engine import Engine
    from volfix.docker.engine_problems import EngineProblem
    from volfix.report.checklist import render, render_several
    from volfix.report.text import problem_lines
    from volfix.rules.checklist import checklist, unless_unread

    asked, run = projects_at(path, name), plan(root_of(path), configuration=names()).run
    for line in problem_lines(run.result(), notes=False):
        tell(line, err=True)
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
        points = unless_unread(points if engine is not None else with_history(points, deployed), len(run.problems))
        answers.append((os.path.relpath(file, path), deployed.project.name, points))
    _, title, points = answers[0]
    text = render_several(subject, answers, note) if len(answers) > 1 else render(title, points, note)
    return text, not run.problems
