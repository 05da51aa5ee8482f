"""The schemas in an editor: npm's yaml-language-server, spoken to as editors do."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from dicomferry.errors import ProblemsError
from dicomferry.host import GROUP, Selection, load_plugins
from dicomferry.recipe.components import Components
from dicomferry.recipe.editor import layer_schema, with_keywords
from dicomferry.recipe.load import load_recipe
from dicomferry.recipe.schema import recipe_schema, schema_text
from support.language_server import LanguageServer, is_installed, language_server
from support.recipes import RECIPES

BAD = """\
recipe: 1
name: bad recipe
descripton: x
params:
  no-name: {default: x}
  port: {defualt: "1", default: "1"}
servers:
  xnat:
    xnat:
      dicom: {host: h, port: 99999, ae_title: WAYTOOLONGFORANAETITLE}
      identification: {identifier: clasic}
sources:
  - foldr: {path: old}
  - folder: {}
  - folder: {path: p, archives: yes}
transforms:
  - remap:
      set:
        PatientNmae: x
        PatientID: 00123
        "(0010,0020)": x
        RequestAttributesSequence[0].StudyInstanceUID: x
      delete: [OtherPatientID, "(0019,xx10)", '(0019,"SIEMENS MR HEADER",xx)']
  - identify: {project: P, write: commments}
    id: 7
sinks:
  - xnat-cstore: {server: xnat, retries: many}
tests:
  - given: {PatientID: 0001}
    expects: {}
"""

HALF = """\
recipe: 1
name: x
sources:
  - folder: {path: p}
transforms:
  -\x20
  - remap:
      set:
        Pat
sinks:
  -\x20
"""


@pytest.fixture(scope="module")
def built_in() -> Components:
    own = [
        found
        for found in entry_points(group=GROUP)
        if found.dist is not None and found.dist.name == "dicomferry"
    ]
    return load_plugins(Selection(), own).components


@pytest.fixture(scope="module")
def first_line(built_in: Components, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("schema") / "recipe.schema.json"
    path.write_text(schema_text(with_keywords(recipe_schema(built_in))))
    return f"# yaml-language-server: $schema={path.as_uri()}\n"


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    if not is_installed():
        pytest.skip("there is no yaml-language-server: make language-server")
    with language_server() as started:
        yield started


def test_an_editor_finds_what_validate_finds_at_the_same_places(
    server: LanguageServer, first_line: str, built_in: Components, tmp_path: Path
) -> None:
    found = server.open("file:///bad.yaml", first_line + BAD)
    (tmp_path / "bad.yaml").write_text(BAD)

    with pytest.raises(ProblemsError) as caught:
        load_recipe(tmp_path / "bad.yaml", built_in, {})

    # The editor counts from 0, and has one line more.
    starts = [one["range"]["start"] for one in found]
    there = {(start["line"], start["character"] + 1) for start in starts}
    places = [problem.place for problem in caught.value.problems]
    assert there == {(place.line, place.column) for place in places if place is not None}


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_an_editor_finds_nothing_wrong_with_a_recipe_that_ships(
    server: LanguageServer, first_line: str, path: Path
) -> None:
    _, _, body = path.read_text().partition("\n")

    assert server.open(f"file:///{path.name}", first_line + body) == []


def test_an_editor_offers_the_components(server: LanguageServer, first_line: str) -> None:
    server.open("file:///half.yaml", first_line + HALF)

    offered = server.complete("file:///half.yaml", 6, 4)

    assert {"identify", "remap", "unify-uids"} <= offered


def test_an_editor_offers_dicom_s_keywords(server: LanguageServer, first_line: str) -> None:
    server.open("file:///half.yaml", first_line + HALF)

    offered = server.complete("file:///half.yaml", 9, 11)

    assert {"PatientID", "PatientName", "StudyInstanceUID"} <= offered


def test_the_schemas_for_editors_are_valid_themselves(components: Components) -> None:
    Draft202012Validator.check_schema(with_keywords(recipe_schema(components)))
    Draft202012Validator.check_schema(with_keywords(layer_schema(components)))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("PatientID", True),
        ("(0010,0020)", True),
        ('(0019,"SIEMENS MR HEADER",0C)', True),
        ("RequestAttributesSequence[*].StudyInstanceUID", True),
        ("PatientNmae", False),
        ("", False),
    ],
)
def test_the_keywords_are_those_that_validate_takes(
    components: Components, name: str, known: bool
) -> None:
    validator = Draft202012Validator(with_keywords(recipe_schema(components)))
    recipe = {
        "recipe": 1,
        "name": "x",
        "sources": [{"folder": {"path": "p"}}],
        "transforms": [{"remap": {"set": {name: "x"}}}],
        "sinks": [{"xnat-cstore": {"server": "x"}}],
    }

    assert validator.is_valid(recipe) is known


def test_making_one_schema_leaves_the_others_alone(components: Components) -> None:
    before = schema_text(recipe_schema(components))

    with_keywords(layer_schema(components))

    assert schema_text(recipe_schema(components)) == before


LAYERS = [
    {"recipe": 1, "extends": "base.yaml"},
    {"recipe": 1, "transforms": [{"id": "a", "remove": True}]},
    {"recipe": 1, "transforms": [{"remap": {"set": None}, "before": "a"}]},
    {"recipe": 1, "servers": {"x": {"xnat": {"dicom": {"port": 1}}}}},
]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_may_leave_out_what_its_base_has(
    components: Components, layer: dict[str, object]
) -> None:
    assert Draft202012Validator(layer_schema(components)).is_valid(layer)
    assert not Draft202012Validator(recipe_schema(components)).is_valid(layer)


@pytest.mark.parametrize("wrong", [{}, {"recipe": 1, "surprise": 1}, {"recipe": 1, "extends": 1}])
def test_a_layer_is_closed_too(components: Components, wrong: dict[str, object]) -> None:
    assert not Draft202012Validator(layer_schema(components)).is_valid(wrong)
