"""Copies of one instance: the same goes once, others are told apart, a source may prefer one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from support import pacs
from support.cli import ferry

Recipe = Callable[..., Path]


def plan(recipe: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ferry("plan", recipe, "--format", "json").stdout)
    return found


def counts(report: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(one["verdict"], one["code"]): one["items"] for one in report["counts"]}


def corrected(folder: Path) -> None:
    (path,) = pacs.study(folder / "a", 1, instances=1)
    dataset = dcmread(path)
    dataset.PatientComments = "looked at again"
    (folder / "b").mkdir()
    dataset.save_as(folder / "b" / "x.dcm")


def compressed(path: Path, to: Path, comments: str = "") -> None:
    """Write a copy with pixel data of the syntax RLE; it need not be decoded here."""
    dataset = dcmread(path)
    dataset.PixelData = encapsulate([b"\1\0\0\0\x40" + b"\0" * 59 + b"\0\7"])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = RLELossless
    if comments:
        dataset.PatientComments = comments
    to.parent.mkdir(exist_ok=True)
    dataset.save_as(to)


def test_copies_that_differ_are_told_by_the_elements(tmp_path: Path, write_recipe: Recipe) -> None:
    corrected(tmp_path / "data")

    report = plan(write_recipe(transforms=()))

    assert counts(report) == {("rejected", "duplicate-differs"): 2}
    assert all("differs in PatientComments" in one["reason"] for one in report["held"])
    assert "looked at again" not in json.dumps(report)


def test_the_source_says_which_folder_wins(tmp_path: Path, write_recipe: Recipe) -> None:
    corrected(tmp_path / "data")

    report = plan(write_recipe(transforms=(), source={"prefer": {"folder": ["b/**"]}}))

    assert counts(report) == {("ready", ""): 1, ("excluded", "not-preferred"): 1}
    assert report["held"][0]["location"].endswith("a/0001-1-1.dcm")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientID", "ANOTHER"), ("PatientBirthDate", "19990909"), ("PatientSex", "O"),
        ("StudyInstanceUID", "1.2.3.9"), ("SeriesInstanceUID", "1.2.3.9.1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("prefer", [{"folder": ["b/**"]}, {"newest": True}])
def test_no_preference_leaves_out_what_is_of_another_patient_or_study(
    tmp_path: Path, write_recipe: Recipe, keyword: str, value: str, prefer: dict[str, Any]
) -> None:
    corrected(tmp_path / "data")
    dataset = dcmread(tmp_path / "data" / "b" / "x.dcm")
    setattr(dataset, keyword, value)
    dataset.save_as(tmp_path / "data" / "b" / "x.dcm")

    report = plan(write_recipe(transforms=(), source={"prefer": prefer}))

    assert counts(report) == {("rejected", "duplicate-differs"): 2}
    assert all(keyword in one["reason"] for one in report["held"])


def test_the_newest_copy_wins_where_the_source_says_so(
    tmp_path: Path, write_recipe: Recipe
) -> None:
    import os

    corrected(tmp_path / "data")
    os.utime(tmp_path / "data" / "a" / "0001-1-1.dcm", (2_000_000_000, 2_000_000_000))

    report = plan(write_recipe(transforms=(), source={"prefer": {"newest": True}}))

    assert report["held"][0]["location"].endswith("b/x.dcm")


@pytest.mark.parametrize(("name", "kept"), [("a/x.dcm", "0001-1-1.dcm"), ("z.dcm", "0001-1-1.dcm")])
def test_the_uncompressed_copy_wins_where_the_source_says_so(
    tmp_path: Path, write_recipe: Recipe, name: str, kept: str
) -> None:
    (path,) = pacs.study(tmp_path / "data" / "b", 1, instances=1)
    compressed(path, tmp_path / "data" / name)

    held = plan(write_recipe(transforms=()))
    report = plan(write_recipe(transforms=(), source={"prefer": {"uncompressed": True}}))

    assert counts(held) == {("rejected", "duplicate-differs"): 2}
    assert counts(report) == {("ready", ""): 1, ("excluded", "not-preferred"): 1}
    assert report["held"][0]["location"].endswith(name)
    assert f"its source prefers another copy: {path.parent}/{kept}" in report["held"][0]["reason"]


def test_of_two_compressed_copies_none_wins_by_being_uncompressed(
    tmp_path: Path, write_recipe: Recipe
) -> None:
    (path,) = pacs.study(tmp_path / "data" / "b", 1, instances=1)
    compressed(path, tmp_path / "data" / "x.dcm", comments="one")
    compressed(path, path, comments="two")

    report = plan(write_recipe(transforms=(), source={"prefer": {"uncompressed": True}}))

    assert counts(report) == {("rejected", "duplicate-differs"): 2}


def test_hundreds_of_copies_have_reasons_of_a_line(tmp_path: Path, write_recipe: Recipe) -> None:
    corrected(tmp_path / "data")
    content = (tmp_path / "data" / "b" / "x.dcm").read_bytes()
    for number in range(300):
        (tmp_path / "data" / "b" / f"{number}.dcm").write_bytes(content)

    report = plan(write_recipe(transforms=()))

    assert counts(report) == {("rejected", "duplicate-differs"): 302}
    assert max(len(one["reason"]) for one in report["held"]) < 400
    assert "and to 300 more" in report["held"][0]["reason"]
