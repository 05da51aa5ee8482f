"""Converts what the schema accepted into the types that components declared."""

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
    """Options that know faults their schema cannot express: an optional half of an options type.

    `faults` yields the path below the options and the message.
    """

    def faults(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what is wrong."""
        ...


class Converter:
    """Converts one recipe's options and collects the faults that it finds."""

    def __init__(self, explain: RecipeExplainer, templates: Templates) -> None:
        self.templates = templates
        self.problems: list[Problem] = []
        self.faults: list[Problem] = []
        """What the options themselves found wrong, once they were of the right types."""
        self._explain = explain
        self._makers: dict[type[Any], Callable[[str], object]] = {
            Template: templates.template,
            Condition: templates.condition,
            Path: Path,
        }

    def options(self, kind: type[T], plain: object, path: NodePath) -> T | None:
        """Return the options at `path`; None, with a problem kept, when they are not right."""
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
