"""Builds a stage from a component and options, as a recipe does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from dicomferry.contract.component import Component
from dicomferry.engine.pipeline.context import LooseContext
from dicomferry.errors import FerryError
from dicomferry.host import Selection, load_plugins
from dicomferry.recipe.convert import Faulty
from dicomferry.template import Condition, Template, Templates

StageT = TypeVar("StageT")

_NOTHING: Mapping[str, object] = MappingProxyType({})


def build_stage(
    component: Component[Any, StageT],
    options: Mapping[str, object],
    folder: Path,
    servers: Mapping[str, object] = _NOTHING,
) -> StageT:
    """Return the stage that a component builds for a recipe in `folder`.

    `options` are the values in the recipe's YAML; `servers` are the recipe's by name. Raises
    `FerryError` for options that the component does not take, and for those with `faults()`.
    """
    templates = Templates({})
    makers = {Template: templates.template, Condition: templates.condition, Path: Path}

    def make(kind: type, value: Any) -> object:
        if kind not in makers:
            raise NotImplementedError(f"options of the type {kind.__name__}")
        return makers[kind](value)

    try:
        converted = msgspec.convert(dict(options), component.options, dec_hook=make)
    except msgspec.ValidationError as error:
        raise FerryError(f"{component.name}: {error}") from None
    if isinstance(converted, Faulty):
        faults = [f"{'.'.join(map(str, path))}: {message}" for path, message in converted.faults()]
        if faults:
            raise FerryError(f"{component.name}: {'; '.join(faults)}")
    context = LooseContext(folder, load_plugins(Selection()), "test", servers)
    return component.build(converted, context)
