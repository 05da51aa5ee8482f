from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dicomferry.contract.component import Component
from dicomferry.contract.context import Context
from dicomferry.contract.identifier import Identifier
from dicomferry.contract.transform import Catalog, StudyAt
from dicomferry.dicom.header import Header
from dicomferry.errors import ProblemsError
from dicomferry.model import Destination
from dicomferry.recipe.components import Components
from dicomferry.recipe.load import load_recipe
from dicomferry.template import Template, Templates


@dataclass
class Surroundings:
    """Stands in for the engine while a component is built."""

    folder: Path
    recipe_name: str = "test"
    identifiers: Mapping[str | None, Identifier] = field(default_factory=dict)

    def path(self, text: str) -> Path:
        return self.folder / text

    def server(self, name: str, kind: type[Any]) -> Any:
        raise AssertionError(f"no component here asks for the server {name}")

    def identifier(self, server: str | None = None) -> Identifier:
        return self.identifiers[server]

    def secret(self, reference: str) -> str:
        return "resolved" if reference == "${env:SALT}" else reference


@dataclass
class Holdings:
    """Stands in for the ledger's catalog."""

    held: tuple[StudyAt, ...]
    series: Mapping[str, tuple[Destination, ...]] = field(default_factory=dict)
    stored: tuple[StudyAt, ...] = ()

    def studies(self) -> Iterator[StudyAt]:
        yield from self.held

    def stored_studies(self) -> Iterator[StudyAt]:
        yield from self.stored

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        return self.series.get(series_instance_uid, ())


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    return Surroundings(tmp_path)


@pytest.fixture(scope="session")
def convert() -> Callable[..., Any]:
    """Give a function that makes a component's options of what a recipe would say."""
    import msgspec

    templates = Templates({})

    def decode(kind: type[Any], value: Any) -> Any:
        if kind is Template:
            return templates.template(value)
        raise NotImplementedError

    def options(component: Component[Any, Any], **said: Any) -> Any:
        return msgspec.convert(said, component.options, dec_hook=decode)

    return options


@pytest.fixture
def build(convert: Callable[..., Any], surroundings: Surroundings) -> Callable[..., Any]:
    """Give a function that builds a component as a recipe would."""

    def built(component: Component[Any, Any], /, **said: Any) -> Any:
        return component.build(convert(component, **said), surroundings)

    return built


@pytest.fixture
def faults(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Give a function that validates a component in a recipe: path below it to message."""
    from dicomferry_plugins import export, folder, identify, remap, unify_uids, xnat_identifiers

    transforms = (identify, remap, unify_uids)
    components = Components(
        sources={c.name: c for c in folder.dicomferry_sources()},
        transforms={c.name: c for m in transforms for c in m.dicomferry_transforms()},
        sinks={c.name: c for c in export.dicomferry_sinks()},
        identifiers={c.name: c for c in xnat_identifiers.dicomferry_identifiers()},
    )

    def found(section: str, name: str, /, **said: Any) -> dict[str, str]:
        recipe: dict[str, Any] = {
            "recipe": 1,
            "name": "test",
            "sources": [{"folder": {"path": "in"}}],
            "transforms": [],
            "sinks": [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}"}}],
        }
        recipe[section] = {"x": {name: said}} if section == "servers" else [{name: said}]
        path = tmp_path / "recipe.yaml"
        path.write_text(json.dumps(recipe))
        try:
            load_recipe(path, components, {})
        except ProblemsError as error:
            start = f"{section}.x.{name}" if section == "servers" else f"{section}[0].{name}"
            return {p.path.removeprefix(start).lstrip("."): p.message for p in error.problems}
        return {}

    return found


@pytest.fixture(scope="session")
def header() -> Callable[..., Header]:
    """Give a function that makes a header of keywords and values."""

    def made(*, names: Mapping[str, str] | None = None, **elements: Any) -> Header:
        from pydicom import Dataset

        dataset = Dataset()
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        return Header.of(dataset, names=names or {})

    return made


@pytest.fixture(scope="session")
def holdings() -> Callable[..., Catalog]:
    """Give a function that makes a catalog of (study UID, project, session, date) rows."""

    def made(
        *rows: tuple[str, str | None, str, str],
        series: Mapping[str, tuple[tuple[str | None, str], ...]] | None = None,
    ) -> Catalog:
        held = tuple(
            StudyAt(uid, Destination(project, "S", session), date, 1)
            for uid, project, session, date in rows
        )
        found = {
            uid: tuple(Destination(project, "S", session) for project, session in places)
            for uid, places in (series or {}).items()
        }
        return Holdings(held, found)

    return made


def _is_context(surroundings: Surroundings) -> Context:
    return surroundings  # mypy proves that the stand-in is one
