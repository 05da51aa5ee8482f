"""What a plug-in offers: components and kinds of server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from msgspec import Struct

from dicomferry.contract.context import Context
from dicomferry.model import Check

OptionsT = TypeVar("OptionsT")
StageT_co = TypeVar("StageT_co", covariant=True)


class Component(Struct, Generic[OptionsT, StageT_co], frozen=True):
    """One offer of a plug-in.

    `options` is a `msgspec.Struct` or a dataclass: the recipe's schema and the conversion both
    come from it. Its fields may be plain types, other Structs, `Template` or `Condition`.

    `example` is the part of a recipe that shows the component in use: YAML below `sources:`,
    `transforms:`, `sinks:`, and where it needs them `params:` and `tests:`. Each server in it is
    named as its kind, and not declared. `dicomferry init` makes recipes of it; what it has for the
    params `project` and `archive` is put in the place of `default: PROJECT` and `default: archive`.
    """

    name: str
    summary: str
    options: type[OptionsT]
    build: Callable[[OptionsT, Context], StageT_co]
    example: str = ""


AnyComponent = Component[Any, Any]


class ServerKind(Struct, Generic[OptionsT], frozen=True):
    """A kind of server that a recipe may declare: `servers: {NAME: {KIND: {…}}}`.

    `options` is as a component's: the schema and the conversion come from it, and
    `Context.server(NAME, OPTIONS)` gives it to sources, sinks and fetchers. `check` yields what
    `doctor` finds of one server, by its name in the recipe. `example` is a declaration in YAML.
    """

    name: str
    summary: str
    options: type[OptionsT]
    check: Callable[[str, OptionsT, Context], Iterable[Check]] | None = None
    example: str = ""


AnyServerKind = ServerKind[Any]
