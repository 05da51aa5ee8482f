"""Instances of every SOP class and transfer syntax come, told or not, by C-GET and by C-MOVE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import UID
from ruamel.yaml import YAML

from support import pacs, servers
from support.cli import ferry
from support.instances import EXPLICIT_LITTLE, MR_IMAGE
from support.pacs_recipes import MOVER, csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

ROW = "Accession Number,Subject\nA0001,S1\n"
STORAGE = "1.2.840.10008.5.1.4.1.1."
SYNTAX = "1.2.840.10008.1.2."
PRIVATE = "1.2.246.352.70.1.70"


class Kind(Struct, frozen=True):
    """The SOP class and transfer syntax of an instance, and whether the PACS tells the class."""

    sop_class: str = MR_IMAGE
    modality: str = "MR"
    syntax: str = EXPLICIT_LITTLE
    told: bool = False


KINDS = {
    "panoramic": Kind(f"{STORAGE}1.1", "PX"),
    "endoscopic-video": Kind(f"{STORAGE}77.1.1.1", "ES"),
    "ambulatory-ecg": Kind(f"{STORAGE}9.1.3", "ECG"),
    "ophthalmic-tomography": Kind(f"{STORAGE}77.1.5.4", "OPT"),
    "ultrasound-of-1993": Kind(f"{STORAGE}3", "US"),
    "nuclear-of-1993": Kind(f"{STORAGE}5", "NM"),
    "no-modality": Kind(modality=""),
    "another-modality-than-its-class": Kind(f"{STORAGE}2", "MR"),
    "a-class-that-no-modality-names": Kind(f"{STORAGE}90.1", "ZZ"),
    "jpeg-lossless-of-another-modality": Kind(f"{STORAGE}2", "MR", f"{SYNTAX}4.57"),
    "private-told": Kind(PRIVATE, "RTPLAN", told=True),
    "jpeg-2000-part-2": Kind(syntax=f"{SYNTAX}4.93", told=True),
    "htj2k-lossless": Kind(syntax=f"{SYNTAX}4.202", told=True),
    "htj2k-untold": Kind(syntax=f"{SYNTAX}4.203"),
    "mpeg-4-stereo": Kind(syntax=f"{SYNTAX}4.106", told=True),
    "jpeg-progressive": Kind(syntax=f"{SYNTAX}4.55", told=True),
    "jpeg-ls-near-lossless-untold": Kind(syntax=f"{SYNTAX}4.81"),
}


def image(folder: Path, kind: Kind) -> Dataset:
    (path,) = pacs.study(folder, 1, instances=1, Modality=kind.modality, SOPClassUID=kind.sop_class)
    one = dcmread(path)
    one.file_meta.TransferSyntaxUID = UID(kind.syntax)
    if kind.syntax != EXPLICIT_LITTLE:
        one.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(20)])
        one["PixelData"].is_undefined_length = True
    return one


def exported(folder: Path, server: Any, **options: Any) -> tuple[Any, list[Dataset]]:
    """Run a recipe that exports what it retrieves; return how it went, and what came."""
    nobody = servers.StoreScp(1, "NOBODY", folder, None)  # type: ignore[arg-type]
    recipe = pacs_recipe(folder, server, nobody, csv_source(folder, ROW), **options)
    yaml = YAML(typ="safe")
    content = yaml.load(recipe.read_text())
    content["sinks"] = [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}"}}]
    del content["servers"]["xnat"]
    with recipe.open("w") as file:
        yaml.dump(content, file)
    result = ferry("run", recipe)
    return result, [dcmread(path) for path in (folder / "out").glob("*")]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_instance_comes_by_c_get_whatever_it_is(tmp_path: Path, kind: Kind) -> None:
    one = image(tmp_path / "in", kind)
    script = Script(hides=() if kind.told else ("SOPClassUID",))
    with scripted([one], script) as server:
        result, arrived = exported(tmp_path, server, retrieve="c-get")

    assert result.returncode == 0, result.stdout + result.stderr
    assert [str(came.file_meta.TransferSyntaxUID) for came in arrived] == [kind.syntax]
    assert [came.PixelData for came in arrived] == [one.PixelData]


@pytest.mark.parametrize(
    "kind",
    [Kind(f"{STORAGE}1.1", "PX"), Kind(f"{STORAGE}9.1.1", "ECG"), Kind(PRIVATE, "RTPLAN"),
     Kind(syntax=f"{SYNTAX}4.201")],
    ids=["panoramic", "ecg", "private-class", "htj2k"],
)  # fmt: skip
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_instance_comes_by_c_move_whatever_it_is(tmp_path: Path, kind: Kind, host: str) -> None:
    one = image(tmp_path / "in", kind)
    port = servers.free_port()
    script = Script(hides=("SOPClassUID",), moves_to=port, moves_at=host)
    with scripted([one], script) as server:
        result, arrived = exported(
            tmp_path, server, retrieve="c-move", move_ae_title=MOVER, move_port=port
        )

    assert result.returncode == 0, result.stdout + result.stderr
    assert [came.SOPInstanceUID for came in arrived] == [one.SOPInstanceUID]
    assert server.answered == [0]


def test_a_class_that_nobody_can_guess_is_named_as_not_retrieved(tmp_path: Path) -> None:
    one = image(tmp_path / "in", Kind("1.2.3.4.5.6.7", "OT"))
    with scripted([one], Script(hides=("SOPClassUID",))) as server:
        result, arrived = exported(tmp_path, server, retrieve="c-get")

    assert result.returncode == 1
    assert not arrived
    assert "not retrieved from clinic" in result.stdout
    assert "of what was proposed it accepts" in result.stdout


@pytest.mark.parametrize("late", [0.2, 1.5])
def test_what_comes_after_the_answer_to_c_move_is_taken(tmp_path: Path, late: float) -> None:
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1, instances=3)]
    port = servers.free_port()
    with scripted(held, Script(moves_to=port, late=late)) as server:
        result, arrived = exported(
            tmp_path, server, retrieve="c-move", move_ae_title=MOVER, move_port=port
        )

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(arrived) == 3
    assert server.answered == [0, 0, 0]


def test_nobody_waits_for_good_for_what_never_comes(tmp_path: Path) -> None:
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1, instances=3)]
    port = servers.free_port()
    script = Script(moves_to=port, loses=(str(held[1].SOPInstanceUID),))
    with scripted(held, script) as server:
        result, arrived = exported(
            tmp_path, server, retrieve="c-move", move_ae_title=MOVER, move_port=port, timeout=2
        )

    assert result.returncode == 1
    assert len(arrived) == 2


def test_who_calls_us_by_another_title_is_named(tmp_path: Path) -> None:
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1)]
    port = servers.free_port()
    with scripted(held, Script(moves_to=port, calls="OTHER")) as server:
        result, arrived = exported(
            tmp_path, server, retrieve="c-move", move_ae_title=MOVER, move_port=port, timeout=2
        )

    assert result.returncode == 1
    assert not arrived
    assert f"SCRIPTED at 127.0.0.1 called us OTHER, and we are {MOVER}" in result.stdout
