"""What a plug-in offers: components and kinds of server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from msgspec import Struct

from dicomferry.contract.context import Context
from dicomferry.model import Check, Problem

OptionsT = TypeVar("OptionsT")
StageT_co = TypeVar("StageT_co", covariant=True)


class Component(Struct, Generic[OptionsT, StageT_co], frozen=True):
    """One offer of a plug-in.

    `options` is a `msgspec.Struct` or a dataclass. The engine makes the recipe's schema of it, and
    converts the recipe to it. Its fields may be plain types, other Structs, `Template` or
    `Condition`.

    `example` is the part of a recipe that shows the component in use: YAML below `sources:`,
    `transforms:`, `sinks:`, and if needed `params:` and `tests:`. It names each server by the kind
    of the server, and declares none. `dicomferry init` makes recipes of it, and replaces
    `default: PROJECT` and `default: archive` by its own values for the params `project` and
    `archive`. `labels` are templates by level (`subject`, `session`), where a recipe to start from
    must name what a source finds otherwise than by `PatientID`, `Modality` and `StudyDate`.

    `remarks` reads the tables that the options name, and returns what is wrong or odd in them, each
    with its place. `validate` and `plan` call it; nothing else is touched.
    """

    name: str
    summary: str
    options: type[OptionsT]
    build: Callable[[OptionsT, Context], StageT_co]
    example: str = ""
    remarks: Callable[[OptionsT, Context], Iterable[Problem]] | None = None
    labels: Mapping[str, str] = MappingProxyType({})


AnyComponent = Component[Any, Any]


class ServerKind(Struct, Generic[OptionsT], frozen=True):
    """A kind of server that a recipe may declare: `servers: {NAME: {KIND: {…}}}`.

    `options` is a Struct or a dataclass, as that of a component. Sources, sinks and fetchers get it
    from `Context.server(NAME, OPTIONS)`. `doctor` calls `check` with the server's name in the
    recipe, and shows the checks that it yields. `example` is a declaration in YAML.
    """

    name: str
    summary: str
    options: type[OptionsT]
    check: Callable[[str, OptionsT, Context], Iterable[Check]] | None = None
    example: str = ""


AnyServerKind = ServerKind[Any]
