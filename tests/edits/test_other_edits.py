"""Operations on env files, scripts and code: given this text and this operation, this text and this meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.edits.code_edits import AddInstruction, SetLiteral
from volfix.edits.command_edits import SetText
from volfix.edits.env_file_edits import SetAssignment
from volfix.edits.operation import Operation, splices
from volfix.syntax import dotenv
from volfix.syntax.source import CannotEdit, FileProblem, Source, Span

OLD, NEW = "sqlite:///./x.db", "sqlite:////data/x.db"


def source(name: str, text: str) -> Source:
    return Source.of(Path(name), text.encode())


def literal(file: Source, old: str, new: str) -> SetLiteral:
    start = file.text.index(old)
    return SetLiteral(file, Span(start, start + len(old)), new)


def after(file: Source, *operations: Operation) -> Source:
    return file.splice(splices(operations))


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        (f"export URL={OLD} # rows\nA=1\n", f"export URL={NEW} # rows\nA=1\n"),
        (f"URL='{OLD}'\r\nA=1\r\n", f"URL='{NEW}'\r\nA=1\r\n"),
        (f'URL="{OLD}"\nA=1', f'URL="{NEW}"\nA=1'),
    ],
)
def test_an_assignment(text: str, changed: str) -> None:
    file = source(".env", text)
    operation = SetAssignment(file, dotenv.read(file)[0], NEW)
    result = after(file, operation)
    assert result.text == changed
    assert operation.meaning(file, [operation]) == [("URL", NEW), ("A", "1")] == operation.meaning(result, ())
    assert operation.replaced() == dotenv.read(file)[0].span


def test_of_two_assignments_to_one_name_the_other_stays() -> None:
    file = source(".env", "A=1\nA=2\n")
    operation = SetAssignment(file, dotenv.read(file)[1], "3")
    assert operation.meaning(file, [operation]) == [("A", "1"), ("A", "3")]


def test_a_value_that_no_quotes_hold_is_refused() -> None:
    file = source(".env", "A='1'\n")
    with pytest.raises(CannotEdit):
        SetAssignment(file, dotenv.read(file)[0], 'it\'s "$x" \\').splice()


def test_a_text_of_a_script_which_only_its_commands_mean() -> None:
    file = source("deploy.sh", "docker compose down -v\n")
    start = file.text.index(" -v")
    operation = SetText(file, Span(start, start + 3))
    assert after(file, operation).text == "docker compose down\n"
    assert operation.meaning(file, [operation]) == []
    assert operation.in_commands() == (Span(start, start + 3), "")


DOCKERFILE = f"FROM python:3.13\nENV A=1 URL={OLD} B={OLD}\nUSER app\n"


def test_a_literal_of_a_dockerfile_and_an_instruction_in_front_of_another_one() -> None:
    file = source("Dockerfile", DOCKERFILE)
    operations = [AddInstruction(file, file.text.index("USER"), "RUN mkdir /data"), literal(file, OLD, NEW)]
    result = after(file, *operations)
    assert result.text == f"FROM python:3.13\nENV A=1 URL={NEW} B={OLD}\nRUN mkdir /data\nUSER app\n"
    meaning = [
        ("FROM", (), ["python:3.13"], ()),
        ("ENV", (), ["A=1", f"URL={NEW}", f"B={OLD}"], ()),
        ("RUN", (), ["mkdir", "/data"], ()),
        ("USER", (), ["app"], ()),
    ]
    assert operations[0].meaning(file, operations) == meaning == operations[0].meaning(result, ())
    assert operations[0].replaced() is None
    assert operations[1].replaced() == Span(file.text.index(OLD), file.text.index(OLD) + len(OLD))


def test_instructions_at_one_place_come_in_their_order_and_take_the_files_line_ends() -> None:
    file = source("Dockerfile", "FROM a\r\nUSER b\r\n")
    operations = [AddInstruction(file, 8, "RUN one"), AddInstruction(file, 8, "RUN two")]
    result = after(file, *operations)
    assert result.text == "FROM a\r\nRUN one\r\nRUN two\r\nUSER b\r\n"
    assert operations[0].meaning(file, operations) == operations[0].meaning(result, ())


def test_a_literal_whose_word_cannot_be_told_is_a_problem() -> None:
    file = source("Dockerfile", "FROM a\nENV A \\\n  x.db\n")
    operation = SetLiteral(file, Span(file.text.index("\\"), file.text.index("\\") + 1), "b")
    with pytest.raises(FileProblem):
        operation.meaning(file, [operation])


@pytest.mark.parametrize("text", [f'URL = "{OLD}"\nOTHER = "{OLD}"\n', f"URL = f'{OLD}{{x}}'\n"])
def test_a_literal_of_a_python_module(text: str) -> None:
    file = source("settings.py", text)
    operation = literal(file, OLD, NEW)
    result = after(file, operation)
    assert result.text == text.replace(OLD, NEW, 1)
    assert operation.meaning(file, [operation]) == operation.meaning(result, ())
    assert operation.meaning(file, [operation]) != operation.meaning(file, ())


def test_a_literal_that_is_no_string_of_the_module_is_a_problem() -> None:
    file = source("settings.py", "URL = x\n")
    operation = literal(file, "x", "y")
    with pytest.raises(FileProblem):
        operation.meaning(file, [operation])


def test_the_url_of_an_ini_file_and_no_other_option() -> None:
    file = source("alembic.ini", f"[alembic]\nsqlalchemy.url = {OLD}\nother = {OLD}\n")
    operation = literal(file, OLD, NEW)
    result = after(file, operation)
    meaning = {"alembic": {"sqlalchemy.url": NEW, "other": OLD}}
    assert operation.meaning(file, [operation]) == meaning == operation.meaning(result, ())
