"""Converts options that the schema accepted into the components' own types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from dicomferry.model import Problem
from dicomferry.recipe.explain import RecipeExplainer
from dicomferry.recipe.yaml.document import NodePath
from dicomferry.template import Condition, Template, Templates

T = TypeVar("T")


@runtime_checkable
class Faulty(Protocol):
    """Options with a check that their schema cannot express; an options type may have it.

    `faults` yields the path below the options and the message.
    """

    def faults(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield path and message of each fault."""


class Converter:
    """Converts one recipe's options and collects the faults that it finds."""

    def __init__(self, explain: RecipeExplainer, templates: Templates) -> None:
        self.templates = templates
        self.problems: list[Problem] = []
        self.faults: list[Problem] = []
        """The faults that `Faulty` options reported."""
        self._explain = explain
        self._makers: dict[type[Any], Callable[[str], object]] = {
            Template: templates.template,
            Condition: templates.condition,
            Path: Path,
        }

    def options(self, kind: type[T], plain: object, path: NodePath) -> T | None:
        """Return the options at `path`; keep a problem and return None when they do not fit."""
        try:
            options = msgspec.convert(plain, kind, dec_hook=self._make)
        except msgspec.ValidationError as error:
            self.add(path, str(error))
            return None
        if isinstance(options, Faulty):
            for below, message in options.faults():
                self.faults.append(self._problem((*path, *below), message))
        return options

    def add(self, path: NodePath, message: str) -> None:
        """Keep a problem."""
        self.problems.append(self._problem(path, message))

    def _problem(self, path: NodePath, message: str) -> Problem:
        return self._explain.problem("options", path, message, at=path)

    def _make(self, kind: type[Any], value: Any) -> Any:
        if kind not in self._makers:
            raise NotImplementedError(f"options of the type {kind.__name__}")
        return self._makers[kind](value)
