"""Given jobs of GitLab that hand variables to later ones in a dotenv report, then these win where Compose is called."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability

COMPOSE = (
    "services:\n  app:\n    image: example/app:1\n    working_dir: /app\n"
    "    environment:\n      DATABASE_URL: '${DATABASE_URL:-sqlite:////app/data/app.db}'\n"
    "    volumes: [data:/app/data]\nvolumes:\n  data:\n    driver: local\n"
)
WRITE = 'echo "DATABASE_URL=sqlite:////app/prod.db" >> build.env'
REPORT = "  artifacts: {reports: {dotenv: build.env}}\n"


def jobs(write: str = WRITE, report: str = REPORT, build: str = "", deploy: str = "", more: str = "") -> str:
    return (
        f"{more}prepare:\n  stage: build\n{build}  script:\n    - {write}\n{report}"
        f"ship:\n  stage: deploy\n{deploy}  script:\n    - docker compose up -d\n"
    )


def findings(root: Path, text: str, compose: str = COMPOSE) -> list[tuple[str, str, int]]:
    for name, content in (("compose.yaml", compose), (".gitlab-ci.yml", text)):
        (root / name).write_text(content)
    found = volfix.plan(root).findings
    return [(each.code, each.location.path.name, each.location.line) for each in found if each.code != "VF309"]


HANDED = {
    "a later stage": jobs(),
    "an env file that is written anew": jobs(WRITE.replace(">>", ">")),
    "a list of reports": jobs(report="  artifacts: {reports: {dotenv: [other.env, build.env]}}\n"),
    "needs": jobs(deploy="  needs: [prepare]\n"),
    "needs with a mapping": jobs(deploy="  needs: [{job: prepare}]\n"),
    "dependencies": jobs(deploy="  dependencies: [prepare]\n"),
    "it wins over the job's own": jobs(deploy="  variables: {DATABASE_URL: 'sqlite:////app/data/own.db'}\n"),
    "a report that is extended": jobs(report="  extends: .reports\n", more=".reports:\n" + REPORT),
    "by tee": jobs("echo DATABASE_URL=sqlite:////app/prod.db | tee -a build.env"),
}
NOT_HANDED = {
    "no report": jobs(report="  artifacts: {paths: [build.env]}\n"),
    "another file": jobs(report=REPORT.replace("build", "other")),
    "no needs": jobs(deploy="  needs: []\n"),
    "needs without artifacts": jobs(deploy="  needs: [{job: prepare, artifacts: false}]\n"),
    "other dependencies": jobs(deploy="  dependencies: [other]\n", more="other:\n  stage: build\n  script: [make]\n"),
    "the same stage": jobs(build="  # first\n").replace("stage: build", "stage: deploy"),
    "a later job": jobs(more="stages: [deploy, build]\n"),
    "on another machine": jobs(f"ssh ops@web '{WRITE}'".replace('"', "")),
}


@pytest.mark.parametrize("name", HANDED)
def test_what_an_earlier_job_reports_reaches_the_deployment(name: str, tmp_path: Path) -> None:
    text = HANDED[name]
    (found,) = findings(tmp_path, text)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "app/prod.db" in each)
    assert found == ("VF201", ".gitlab-ci.yml", line)
    volfix.plan(tmp_path).write()
    assert "sqlite:////app/data/prod.db" in (tmp_path / ".gitlab-ci.yml").read_text()


@pytest.mark.parametrize("name", NOT_HANDED)
def test_what_is_not_reported_or_not_taken_does_not(name: str, tmp_path: Path) -> None:
    assert not findings(tmp_path, NOT_HANDED[name])


@pytest.mark.parametrize("write", ["echo DATABASE_URL=$URL >> build.env", 'echo "DATABASE_URL=$(cat url)" > build.env'])
def test_a_value_that_is_not_written_there_is_not_known(write: str, tmp_path: Path) -> None:
    compose = COMPOSE.replace("/app/data/app.db", "/app/app.db")
    (found,) = findings(tmp_path, jobs(write), compose)
    assert found[:2] == ("VF201", "compose.yaml")
    (finding,) = [each for each in volfix.plan(tmp_path).findings if each.code == "VF201"]
    assert finding.applicability is Applicability.UNSAFE
    assert "volfix does not know the value" in str(finding.reason)


def test_a_file_that_something_else_writes_may_say_another_value_of_a_job_s_variable(tmp_path: Path) -> None:
    own = "  variables: {DATABASE_URL: 'sqlite:////app/prod.db'}\n"
    assert findings(tmp_path, jobs("echo made > other", deploy=own))
    assert not findings(tmp_path, jobs("./make-env > build.env", deploy=own))


def test_a_project_s_name_that_is_handed_on(tmp_path: Path) -> None:
    compose = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n    driver: local\n"
    text = jobs('echo "COMPOSE_PROJECT_NAME=shop-$CI_COMMIT_SHORT_SHA" > build.env')
    assert [each[0] for each in findings(tmp_path, text, compose)] == ["VF308"]
    assert not findings(tmp_path, text.replace("-$CI_COMMIT_SHORT_SHA", ""), compose)


def test_jobs_that_need_each_other_end(tmp_path: Path) -> None:
    text = jobs(build="  needs: [ship]\n", deploy="  needs: [prepare]\n" + REPORT)
    assert [each[0] for each in findings(tmp_path, text)] == ["VF201"]
