"""Commands that start projects permanently, and the variables that services receive from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from volfix.knowledge.commands import DockerCall
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.model import Project
from volfix.project.compose.origins import Variable
from volfix.project.deployments.changing_names import given_name
from volfix.project.deployments.deploy_environment import GivenVariables, as_deployed, env_files
from volfix.project.deployments.flow import Flow
from volfix.project.deployments.written_env_files import Written, handed_on, origin_of, written_before
from volfix.project.shell.command import Command


@dataclass(frozen=True, slots=True)
class DeployedProject:
    """A project as a command deploys it; `written` is what its flow wrote into env files before."""

    project: Project
    written: Written

    def variables(self, service: str) -> Iterator[Variable]:
        """The variables of a service's process: `environment:` wins, then the last env file."""
        own = self.project.services[service]
        given: dict[str, Variable] = {}
        for file in own.env_files if self.written else ():
            if file.path in self.written:
                given |= self.written[file.path]
            elif file.path is not None:
                given = {
                    name: each
                    for name, each in given.items()
                    if name not in own.read_env(file.path, file.raw).variables
                }
        for variable in effective_variables(own):
            is_given = variable.name in given and variable.name not in own.entries
            yield given.pop(variable.name) if is_given else variable
        yield from (variable for name, variable in given.items() if name not in own.environment)


@dataclass(frozen=True, slots=True)
class UpCommand:
    """A command of a flow that starts projects permanently."""

    flow: Flow
    command: Command
    call: DockerCall
    projects: tuple[Project, ...]

    def name(self, project: Project) -> str | None:
        """The name that the command gives to the project; None if it gives none or the name is unknown."""
        return given_name(self.command, self.call, project)

    @property
    def handed(self) -> dict[str, Variable]:
        """The variables of the command: from its environment and from earlier steps."""
        own = self.command.environment.items()
        return self.of_steps | {name: Variable(name, value, origin_of(self.command, name)) for name, value in own}

    @property
    def of_steps(self) -> dict[str, Variable]:
        """The variables that earlier steps pass to all later steps."""
        return handed_on(self.flow.commands, self.command)

    def deployed(self, project: Project, given: Mapping[str, Variable]) -> DeployedProject:
        """The project as the command deploys it with the variables `given`."""
        files = env_files(project, self.command, self.call)
        written = written_before(self.flow.commands, self.command, project, files)
        return DeployedProject(as_deployed(project, GivenVariables(given), files, written), written)
