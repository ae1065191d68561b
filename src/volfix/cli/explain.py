"""`volfix explain`: a rule in words, with its examples."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain a rule: what it finds, why, its fix, examples, sources; without CODE list the rules."""
    from volfix.report.explain import explain, overview
    from volfix.rules import REGISTRY

    if code is None:
        click.echo(overview(REGISTRY.values()))
        return
    rule = REGISTRY.get(code.upper())
    if rule is None:
        raise click.BadParameter(f"there is no rule {code}; `volfix explain` lists them", param_hint="CODE")
    click.echo(explain(rule))
