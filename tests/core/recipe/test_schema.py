"""The schema that editors, people and `validate` share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from dicomferry.contract.component import Component
from dicomferry.recipe.components import Components
from dicomferry.recipe.schema import (
    component_schema,
    identification_schema,
    recipe_schema,
    schema_text,
    write_schemas,
)

VALID = {
    "recipe": 1,
    "name": "x",
    "servers": {"x": {"xnat": {"dicom": {"host": "h"}}}},
    "sources": [{"folder": {"path": "p"}}],
    "transforms": [{"remap": {"set": {"PatientID": "x"}}, "when": "Modality == 'MR'", "id": "a"}],
    "sinks": [{"xnat-cstore": {"server": "x"}}],
}


def objects(schema: object) -> Iterator[dict[str, Any]]:
    """Yield every part of a schema that describes the keys of a mapping."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for below in schema.values():
            yield from objects(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from objects(below)


def test_the_schema_is_valid_itself(components: Components) -> None:
    Draft202012Validator.check_schema(recipe_schema(components))
    Draft202012Validator.check_schema(identification_schema(components))


def test_every_mapping_is_closed_but_for_identification(components: Components) -> None:
    open_ones = [
        part["title"]
        for part in objects(recipe_schema(components))
        if part.get("additionalProperties", True) is True
    ]

    assert open_ones == ["identification"]


def test_identification_is_closed_by_the_identifier_it_names(components: Components) -> None:
    validator = Draft202012Validator(identification_schema(components))

    assert validator.is_valid({"identification": {"identifier": "dqr", "routing": {}}})
    assert validator.is_valid({"identification": {"projects": []}})
    assert not validator.is_valid({"identification": {"routing": {}}})
    assert not validator.is_valid({"identification": {"identifier": "dqr", "projects": []}})


def test_a_valid_recipe_is_valid(components: Components) -> None:
    Draft202012Validator(recipe_schema(components)).validate(VALID)


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"recipe": 2},
        {"name": "a b"},
        {"sources": []},
        {"sources": [{"folder": {"path": "p", "surprise": 1}}]},
        {"sources": [{"surprise": {}}]},
        {"sources": [{"when": "x"}]},
        {"sources": [{"xnat-cstore": {"server": "x"}}]},
        {"servers": {"x": {"xnat": {"dicom": {"host": "h", "port": 0}}}}},
        {"servers": {"x": {"xnat": {"dicom": {"host": "h", "ae_title": " A"}}}}},
        {"servers": {"x": {"xnat": {"dicom": {"host": "h"}}, "pacs": {}}}},
        {"servers": {"a b": {"xnat": {"dicom": {"host": "h"}}}}},
        {"params": {"x": "y"}},
        {"tests": [{}]},
    ],
)
def test_an_invalid_recipe_is_not(change: dict[str, object], components: Components) -> None:
    validator = Draft202012Validator(recipe_schema(components))

    assert not validator.is_valid({**VALID, **change})


def test_definitions_are_named_by_component(components: Components) -> None:
    definitions = recipe_schema(components)["$defs"]

    assert definitions["source.folder"]["description"] == "The folder of the tests."
    assert {"transform.remap", "sink.xnat-cstore", "identifier.dqr"} <= definitions.keys()


def test_equal_names_in_two_components_do_not_meet(components: Components) -> None:
    class Change(msgspec.Struct):
        """Options that are called as another component's are."""

        other: int = 0

    twin = Component("twin", "Another.", Change, lambda options, context: options)
    transforms = {**components.transforms, "twin": twin}
    both = Components(components.sources, transforms, components.sinks, components.identifiers)
    definitions = recipe_schema(both)["$defs"]

    assert "other" in definitions["transform.twin.Change"]["properties"]
    assert "set" in definitions["transform.remap.Change"]["properties"]


def test_a_components_schema_stands_on_its_own(components: Components) -> None:
    validator = Draft202012Validator(component_schema(components.transforms["remap"]))

    assert validator.is_valid({"replace": {"PatientID": {"pattern": "a", "with": "b"}}})
    assert not validator.is_valid({"replace": {"PatientID": {"pattern": "a"}}})


def test_secrets_are_marked_as_such(components: Components) -> None:
    login = recipe_schema(components)["$defs"]["server.xnat.XnatRest"]["properties"]["login"]

    assert login["writeOnly"] is True


def test_schemas_are_written_one_a_component(tmp_path: Path, components: Components) -> None:
    written = write_schemas(tmp_path / "schemas", components)

    assert [path.name for path in written] == [
        "identifier.classic.schema.json",
        "identifier.dqr.schema.json",
        "recipe.schema.json",
        "sink.xnat-cstore.schema.json",
        "source.folder.schema.json",
        "transform.remap.schema.json",
    ]
    assert json.loads((tmp_path / "schemas/recipe.schema.json").read_text()) == recipe_schema(
        components
    )


def test_the_same_components_give_the_same_text(components: Components) -> None:
    assert schema_text(recipe_schema(components)) == schema_text(recipe_schema(components))


def test_options_of_a_type_no_recipe_can_hold_are_an_error() -> None:
    class Odd(msgspec.Struct):
        """Options with something that YAML has not."""

        value: complex

    odd = Component("odd", "Odd.", Odd, lambda options, context: options)

    with pytest.raises(TypeError, match="complex"):
        component_schema(odd)
