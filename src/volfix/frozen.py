"""`dataclass`, as in the standard library, that makes what is frozen in a third of the time.

A run of a second makes hundreds of these classes. The standard library compiles each method of each class, which took
a third of such a run; here only `__init__` is compiled, since it runs most. Everything else is the standard library's:
it reads the fields, so that `replace`, `fields` and `asdict` work, and makes every class that is not frozen or asks for
more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # for checkers of types the decorator is the standard library's
else:
    import dataclasses
    from operator import attrgetter

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True, **more):
        """A class with the methods that the standard library's decorator of this name gives; the same parameters."""

        def made(given):
            if not frozen or more:
                return dataclasses.dataclass(given, frozen=frozen, slots=slots, eq=eq, **more)
            return _frozen(dataclasses.dataclass(given, init=False, repr=False, eq=False), slots=slots, eq=eq)

        return made if cls is None else made(cls)

    def _frozen(cls, *, slots, eq):
        fields = dataclasses.fields(cls)
        names = {"_set": object.__setattr__, "_MISSING": dataclasses.MISSING}
        names |= {f"_default_{each.name}": each.default for each in fields}
        names |= {f"_factory_{each.name}": each.default_factory for each in fields}
        methods = {"__setattr__": _refused, "__delattr__": _refused, "__repr__": _shown}
        exec(_initializer(cls, fields), names, methods)  # noqa: S102 - the text is made here, of names of fields
        methods |= _comparison(fields) if eq else {}
        own = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
        if not slots:
            for name in methods.keys() - own.keys():
                setattr(cls, name, methods[name])
            return cls
        for field in fields:
            own.pop(field.name, None)
        state = {"__slots__": tuple(each.name for each in fields), "__getstate__": _state, "__setstate__": _set_state}
        remade = type(cls)(cls.__name__, cls.__bases__, methods | state | own)
        remade.__qualname__ = cls.__qualname__
        return remade

    def _initializer(cls, fields):
        parameters, lines = ["self"], []
        for field in fields:
            name = value = field.name
            if field.default_factory is not dataclasses.MISSING:
                value = f"_factory_{name}()" + f" if {name} is _MISSING else {name}" * field.init
                parameters += [f"{name}=_MISSING"] * field.init
            elif field.default is not dataclasses.MISSING:
                value = name if field.init else f"_default_{name}"
                parameters += [f"{name}=_default_{name}"] * field.init
            elif field.init:
                parameters.append(name)
            else:
                continue  # which `__post_init__` sets
            lines.append(f" _set(self, {name!r}, {value})")
        lines += [" self.__post_init__()"] * hasattr(cls, "__post_init__")
        return "\n".join((f"def __init__({', '.join(parameters)}):", *(lines or [" pass"]), ""))

    def _comparison(fields):
        names = [each.name for each in fields if each.compare]
        values = attrgetter(*names) if names else lambda _: ()

        def equal(self, other):
            return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

        return {"__eq__": equal, "__hash__": lambda self: hash(values(self))}


def _refused(self: object, name: str, value: object = None) -> None:
    from dataclasses import FrozenInstanceError

    del self, value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _shown(self: Any) -> str:
    from dataclasses import fields

    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _state(self: Any) -> list[Any]:
    """The values of the fields, for pickle and copy: neither may set fields of what is frozen."""
    return [getattr(self, name) for name in self.__slots__]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)
