"""The decorator of volfix makes what the standard library's makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, replace
from functools import cached_property
from typing import Any

import pytest

from volfix import frozen

STANDARD, OURS = dataclasses.dataclass, frozen.dataclass


class Base:
    __slots__ = ()

    def doubled(self) -> Any:
        return self.first * 2  # type: ignore[attr-defined]


def plain(decorator: Any) -> Any:
    @decorator(frozen=True, slots=True)
    class Made(Base):
        first: str
        second: int = 3
        new_second: list[int] = field(default_factory=list, compare=False)
        hidden: str = field(default="h", repr=False)

        def __str__(self) -> str:
            return "made"

    return Made


def computed(decorator: Any) -> Any:
    @decorator(frozen=True, slots=True)
    class Made:
        first: str
        counted: dict[str, int] = field(init=False, repr=False, compare=False)
        fixed: int = field(default=7, init=False)
        kept: list[str] = field(default_factory=list, init=False, compare=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "counted", {self.first: 1})

    return Made


def identical(decorator: Any) -> Any:
    @decorator(frozen=True, slots=True, eq=False)
    class Made:
        first: str

    return Made


def open_to_kept_values(decorator: Any) -> Any:
    @decorator(frozen=True)
    class Made:
        first: str
        second: int = 3

        @cached_property
        def both(self) -> str:
            return f"{self.first}{self.second}"

    return Made


SHAPES = [plain, computed, identical, open_to_kept_values]


def of(shape: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The standard library's class of a shape, and ours, found under one name by pickle."""
    pair = shape(STANDARD), shape(OURS)
    for number, made in enumerate(pair):
        made.__qualname__ = f"{shape.__name__}_{number}"
        globals()[made.__qualname__] = made
    return pair


def described(made: Any, known: Any) -> list[object]:
    """What may be asked of a value."""
    return [
        repr(known).partition("(")[2],
        str(known).partition("(")[2],
        known == made("x"),
        known == made("y"),
        known == "x",
        isinstance(hash(known), int),
        hash(known) == hash(made("x")),
        [(each.name, each.init, each.repr, each.compare) for each in dataclasses.fields(known)],
        list(dataclasses.asdict(known).items()),
        replace(known, first="z").first,
        hasattr(known, "__dict__"),
        made.__match_args__,
        [copied.first for copied in (copy.copy(known), copy.deepcopy(known))],
        pickle.loads(pickle.dumps(known)).first,
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_value_answers_as_one_of_the_standard_library(shape: Callable[[Any], Any]) -> None:
    standard, ours = of(shape)
    assert described(ours, ours("x")) == described(standard, standard("x"))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("arguments", [(), ("x", 1, [], "h", 5)])
def test_wrong_arguments_are_refused_alike(shape: Callable[[Any], Any], arguments: tuple[object, ...]) -> None:
    for made in of(shape):
        with pytest.raises(TypeError):
            made(*arguments)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_sets_or_deletes_a_field(shape: Callable[[Any], Any]) -> None:
    known = shape(OURS)("x")
    with pytest.raises(FrozenInstanceError):
        known.first = "y"
    with pytest.raises(FrozenInstanceError):
        del known.first
    assert known.first == "x"


def test_a_list_belongs_to_one_value() -> None:
    made = plain(OURS)
    assert made("x").new_second is not made("x").new_second
    assert (made("x", 4).second, made("x", new_second=[1]).new_second, made("x").doubled()) == (4, [1], "xx")


def test_a_value_is_kept_where_the_class_has_room() -> None:
    known = open_to_kept_values(OURS)("x")
    assert known.both is known.both


def test_equal_fields_of_two_classes_are_not_equal() -> None:
    assert plain(OURS)("x") != plain(OURS)("x")
    assert identical(OURS)("x") != identical(OURS)("x")


def test_what_is_not_frozen_or_asks_for_more_is_the_standard_librarys() -> None:
    @frozen.dataclass
    class Open:
        first: str

    @frozen.dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        first: str

    known = Open("x")
    known.first = "y"
    assert known.first == "y"
    assert Ordered("x") < Ordered("y")
