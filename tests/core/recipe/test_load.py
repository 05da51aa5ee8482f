"""What a valid recipe becomes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import Place
from dicomferry.recipe.components import Components
from dicomferry.recipe.load import load_identification
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XnatServer
from dicomferry_plugins._pacs.server import PacsServer

Load = Callable[..., Recipe]

RECIPE = """\
recipe: 1
name: clinic
description: For {{ params.project }}.
params:
  project: {default: ALZ, description: XNAT project}
  port: {default: "8104"}
  limit: {default: 3}
servers:
  pacs:
    pacs: {host: h, ae_title: CLINIC, hours: {mon-fri: "19:00-06:00", sat-sun: all}}
  xnat:
    xnat:
      dicom: {host: h, port: "{{ params.port }}"}
      rest: {url: "https://h", login: "${netrc:h}"}
      identification: {identifier: dqr, routing: {"1.2": ALZ}}
  plain:
    xnat: {dicom: {host: h}}
sources:
  - folder: {path: "in/{{ params.project }}"}
transforms:
  - remap: {set: {PatientID: "{{ PatientName }}", StudyDescription: "{{ params.project }}"}}
    when: Modality == "MR"
  - remap: {}
    id: second
  - remap: {}
sinks:
  - xnat-cstore: {server: xnat}
allow: [some-code]
tests:
  - given: {PatientID: "1"}
    expect: {project: "{{ params.project }}"}
"""


def test_steps_are_converted_and_in_order(load: Load) -> None:
    recipe = load(RECIPE)

    assert [(step.kind, step.component, step.path) for step in recipe.steps] == [
        ("source", "folder", "sources[0]"),
        ("transform", "remap", "transforms[0]"),
        ("transform", "remap", "transforms[1]"),
        ("transform", "remap", "transforms[2]"),
        ("sink", "xnat-cstore", "sinks[0]"),
    ]


def test_a_step_without_an_id_is_named_after_its_component(load: Load) -> None:
    assert [step.id for step in load(RECIPE).transforms] == ["remap", "second", "remap-2"]


def test_what_needs_only_params_is_rendered(load: Load) -> None:
    recipe = load(RECIPE, project="PILOT")

    assert recipe.description == "For PILOT."
    assert recipe.sources[0].options.path == "in/PILOT"  # type: ignore[attr-defined]
    assert recipe.tests[0]["expect"] == {"project": "PILOT"}


def test_what_needs_an_instance_stays_a_template(load: Load) -> None:
    options = load(RECIPE).transforms[0].options

    assert options.set["PatientID"].names == {"PatientName"}  # type: ignore[attr-defined]


def test_a_parameter_may_stand_where_a_number_is_needed(load: Load) -> None:
    server = load(RECIPE, port="9104").servers["xnat"]

    assert isinstance(server, XnatServer)
    assert server.dicom.port == 9104


@pytest.mark.parametrize("port", ["nine", "70000", "1.5", "true", "[1]"])
def test_a_parameter_that_is_no_such_number_is_a_fault(load: Load, port: str) -> None:
    with pytest.raises(ProblemsError, match=r"recipe.yaml:13:30: servers.xnat.xnat.dicom.port"):
        load(RECIPE, port=port)


def test_a_reference_to_a_secret_is_left_alone(load: Load) -> None:
    server = load(RECIPE).servers["xnat"]

    assert isinstance(server, XnatServer)
    assert server.rest is not None
    assert server.rest.login == "${netrc:h}"


def test_a_server_knows_its_identifier_and_the_options_of_it(load: Load) -> None:
    server = load(RECIPE).servers["xnat"]

    assert isinstance(server, XnatServer)
    assert server.identifier == "dqr"
    assert server.identification_options.routing == {"1.2": "ALZ"}  # type: ignore[attr-defined]


def test_a_server_that_says_nothing_identifies_as_xnat_does_by_default(load: Load) -> None:
    server = load(RECIPE).servers["plain"]

    assert isinstance(server, XnatServer)
    assert server.identifier == "classic"
    assert server.identification_options.projects == []  # type: ignore[attr-defined]


def test_a_pacs_is_a_pacs(load: Load) -> None:
    assert isinstance(load(RECIPE).servers["pacs"], PacsServer)


def test_later_problems_can_be_placed(load: Load) -> None:
    recipe = load(RECIPE)

    assert recipe.place("transforms[0].remap.set") == Place("recipe.yaml", 21, 13)
    assert recipe.place("transforms[9]") is None


def test_an_override_of_an_unknown_parameter_is_told_with_a_suggestion(load: Load) -> None:
    with pytest.raises(FerryError, match="--set projet") as caught:
        load(RECIPE, projet="X")

    assert caught.value.hint == "did you mean 'project'?"


def test_a_parameter_is_text_whatever_its_default_is(load: Load) -> None:
    assert load(RECIPE).params == {"project": "ALZ", "port": "8104", "limit": "3"}


def test_a_parameters_value_cannot_be_a_template(load: Load) -> None:
    with pytest.raises(FerryError, match="cannot be a template"):
        load(RECIPE, project="{{ PatientID }}")


def test_the_digest_is_of_what_decides_the_work(load: Load) -> None:
    digest = load(RECIPE).digest

    assert load("# a comment\n" + RECIPE.replace("For ", "Made for ")).digest == digest
    assert load(RECIPE, project="PILOT").digest != digest
    assert load(RECIPE.replace('"MR"', '"CT"')).digest != digest


def test_a_recipe_can_be_sent_to_another_process(load: Load) -> None:
    recipe = load(RECIPE)

    assert pickle.loads(pickle.dumps(recipe)) == recipe


def test_an_identification_file_is_loaded(tmp_path: Path, components: Components) -> None:
    path = tmp_path / "server.yaml"
    path.write_text("identification:\n  projects: [A]\n")
    identification, _ = load_identification(path, components)

    assert identification.identifier == "classic"
    assert identification.options.projects == ["A"]  # type: ignore[attr-defined]
