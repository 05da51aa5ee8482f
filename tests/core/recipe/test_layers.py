"""Recipes that extend others: how two files become one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import Place
from dicomferry.recipe.layers import MAX_LAYERS, read_layers
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.yaml.document import Document

Load = Callable[..., Recipe]

BASE = """\
recipe: 1
name: base
description: What all sites share.
params:
  project: {default: ALZ, description: XNAT project}
servers:
  xnat:
    xnat: {dicom: {host: h, port: 104}}
sources:
  - folder: {path: in, include: [a, b]}
transforms:
  - remap: {set: {PatientID: x, StudyID: "1"}, delete: [OtherPatientIDs]}
    when: Modality == "MR"
  - id: second
    remap: {set: {StationName: x}}
  - remap: {set: {StudyDescription: y}}
sinks:
  - xnat-cstore: {server: xnat}
tests:
  - expect: {project: ALZ}
"""


@pytest.fixture
def layered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Document]:
    """Read a recipe `site.yaml` that extends the base, from its other lines."""
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)

    def read(lines: str) -> Document:
        Path("site.yaml").write_text(f"recipe: 1\nextends: base.yaml\nname: site\n{lines}")
        return read_layers(Path("site.yaml"))

    return read


def plain(document: Document, *path: str) -> Any:
    node: Any = document.plain
    for key in path:
        node = node[key]
    return node


def transforms(document: Document) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plain(document, "transforms")
    return found


def test_mappings_are_merged_key_by_key(layered: Callable[[str], Document]) -> None:
    site = layered("servers: {xnat: {xnat: {dicom: {host: other}}}}\n")

    assert plain(site, "servers", "xnat", "xnat", "dicom") == {"host": "other", "port": 104}


def test_a_key_with_nothing_behind_it_goes_away(layered: Callable[[str], Document]) -> None:
    site = layered("servers: {xnat: {xnat: {dicom: {port: ~}}}}\n")

    assert plain(site, "servers", "xnat", "xnat", "dicom") == {"host": "h"}


def test_a_list_is_replaced(layered: Callable[[str], Document]) -> None:
    site = layered("sources:\n  - {id: folder, folder: {include: [c]}}\n")

    assert plain(site, "sources") == [{"folder": {"path": "in", "include": ["c"]}, "id": "folder"}]


def test_who_a_recipe_is_and_its_tests_are_not_inherited(
    layered: Callable[[str], Document],
) -> None:
    site = plain(layered(""))

    assert site["name"] == "site"
    assert not {"description", "tests", "extends"} & site.keys()


def test_a_step_is_merged_with_the_one_of_its_id(layered: Callable[[str], Document]) -> None:
    site = layered("transforms:\n  - {id: second, remap: {set: {StudyID: '2'}}}\n")

    assert transforms(site)[1]["remap"]["set"] == {"StationName": "x", "StudyID": "2"}


def test_a_step_without_an_id_is_named_after_its_component(
    layered: Callable[[str], Document],
) -> None:
    site = layered("transforms:\n  - {id: remap-2, remap: {set: {StudyID: '2'}}}\n")

    assert transforms(site)[2]["remap"]["set"] == {"StudyDescription": "y", "StudyID": "2"}


def test_another_component_takes_the_place_of_the_one_there(
    layered: Callable[[str], Document],
) -> None:
    site = layered("transforms:\n  - {id: second, identify: {project: P}}\n")

    assert transforms(site)[1] == {"id": "second", "identify": {"project": "P"}}


def test_what_is_no_step_stays_to_be_told_of(layered: Callable[[str], Document]) -> None:
    site = layered("transforms:\n  - nonsense\n  - remap: {delete: [StudyID]}\n")

    assert transforms(site)[3:] == ["nonsense", {"remap": {"delete": ["StudyID"]}}]


def test_a_new_step_goes_to_the_end(layered: Callable[[str], Document]) -> None:
    site = layered("transforms:\n  - {id: new, remap: {}}\n")

    assert [step.get("id") for step in transforms(site)] == [None, "second", None, "new"]


@pytest.mark.parametrize(
    ("marker", "ids"),
    [
        ("before: second", [None, "new", "second", None]),
        ("after: second", [None, "second", "new", None]),
        ("before: remap", ["new", None, "second", None]),
    ],
)
def test_a_step_goes_where_its_marker_says(
    layered: Callable[[str], Document], marker: str, ids: list[str | None]
) -> None:
    site = layered(f"transforms:\n  - {{id: new, {marker}, remap: {{}}}}\n")

    assert [step.get("id") for step in transforms(site)] == ids
    assert not any({"before", "after"} & step.keys() for step in transforms(site))


def test_a_step_is_removed(layered: Callable[[str], Document]) -> None:
    site = layered("transforms:\n  - {id: second, remove: true}\n")

    assert len(transforms(site)) == 2
    assert "StationName" not in str(transforms(site))


def test_a_step_is_replaced_whole(layered: Callable[[str], Document]) -> None:
    site = layered("transforms:\n  - {id: remap, replace: true, remap: {set: {StudyID: '2'}}}\n")

    assert transforms(site)[0] == {"id": "remap", "remap": {"set": {"StudyID": "2"}}}


def test_every_value_keeps_its_own_place(layered: Callable[[str], Document]) -> None:
    site = layered("servers: {xnat: {xnat: {dicom: {host: other}}}}\n")
    dicom = ("servers", "xnat", "xnat", "dicom")

    assert site.place((*dicom, "host")) == Place("site.yaml", 4, 39)
    assert site.place((*dicom, "port")) == Place("base.yaml", 8, 35)


def test_layers_may_be_stacked(layered: Callable[[str], Document]) -> None:
    layered("params: {project: {default: SITE}}\n")
    Path("top.yaml").write_text("recipe: 1\nextends: site.yaml\nname: top\n")

    top = read_layers(Path("top.yaml"))

    assert plain(top, "params", "project") == {"default": "SITE", "description": "XNAT project"}
    assert len(transforms(top)) == 3


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("transforms:\n  - {id: secnd, remove: true}\n",
         r"site.yaml:5:10: transforms\[0\].id: there is no step 'secnd' here \(did you mean 'sec"),
        ("transforms:\n  - {remove: true}\n", r"transforms\[0\].id: the id of a step is needed"),
        ("transforms:\n  - {id: second, remove: 1}\n", "remove: true is needed here"),
        ("transforms:\n  - {id: a, remap: {}, before: b}\n", "there is no step 'b' here"),
        (
            "transforms:\n  - {id: a, remap: {}, before: remap, after: remap}\n",
            "a step goes before another or after one",
        ),
    ],
)  # fmt: skip
def test_a_step_that_is_not_there_is_refused(
    layered: Callable[[str], Document], lines: str, message: str
) -> None:
    with pytest.raises(ProblemsError, match=message):
        layered(lines)


def test_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("recipe: 1\nextends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("recipe: 1\nextends: a.yaml\n")

    with pytest.raises(ProblemsError, match=r"b.yaml:2:10: extends: .* in a circle"):
        read_layers(tmp_path / "a.yaml")


def test_a_recipe_that_extends_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("recipe: 1\nextends: ./a.yaml\n")

    with pytest.raises(ProblemsError, match="in a circle"):
        read_layers(tmp_path / "a.yaml")


def test_too_many_layers_are_refused(tmp_path: Path) -> None:
    for number in range(MAX_LAYERS + 1):
        (tmp_path / f"{number}.yaml").write_text(f"recipe: 1\nextends: {number + 1}.yaml\n")
    (tmp_path / f"{MAX_LAYERS + 1}.yaml").write_text("recipe: 1\n")

    with pytest.raises(ProblemsError, match=f"more than {MAX_LAYERS} recipes"):
        read_layers(tmp_path / "0.yaml")


def test_a_base_that_is_not_there_is_told_at_the_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("recipe: 1\nextends: none.yaml\n")

    with pytest.raises(ProblemsError, match=r"a.yaml:2:10: extends: .*none.yaml cannot be read"):
        read_layers(tmp_path / "a.yaml")


def test_a_base_of_a_newer_format_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("recipe: 1\nextends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("recipe: 2\n")

    with pytest.raises(ProblemsError, match=r"b.yaml:1:9: .*upgrade dicomferry"):
        read_layers(tmp_path / "a.yaml")


def test_markers_mean_nothing_without_a_base(load: Load) -> None:
    recipe = "recipe: 1\nname: x\nsources:\n  - {folder: {path: p}, remove: true}\nsinks: []\n"

    with pytest.raises(FerryError, match="unknown key 'remove'"):
        load(recipe)


def test_a_layered_recipe_has_the_digest_of_one_written_in_full(
    load: Load, layered: Callable[[str], Document]
) -> None:
    whole = load(BASE.replace("name: base", "name: site"))
    Path("recipe.yaml").unlink()
    layered("")

    assert load("recipe: 1\nname: site\nextends: base.yaml\n").digest == whole.digest
