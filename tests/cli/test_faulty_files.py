"""Files with faults: mended and named, held back and let in by `allow`, or given their UIDs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from support import servers
from support.cli import ferry
from support.instances import image, part10, uid

IDENTIFY = {
    "identify": {"project": "P", "subject": "{{ PatientID }}", "session": "{{ PatientID }}_MR"}
}


def instance(number: int, **given: object) -> bytes:
    attributes: Mapping[str, object] = {
        "SOPInstanceUID": uid("fault", number), "StudyInstanceUID": uid("study"),
        "SeriesInstanceUID": uid("series"), "PatientID": "MC1", "PatientName": "A^B",
        "StudyDate": "20010203", "SeriesNumber": "1", "InstanceNumber": str(number),
    }  # fmt: skip
    return part10(image({**attributes, **given}))


def odd(number: int) -> bytes:
    even = b"\x10\x00\x20\x00LO\x04\x00MC1 "
    return instance(number).replace(even, b"\x10\x00\x20\x00LO\x03\x00MC1")


def with_second_meta_group(number: int) -> bytes:
    data = instance(number)
    start = data.index(b"\x08\x00\x16\x00UI")
    return data[:start] + b"\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\0" + data[start:]


def with_two_patient_ids(number: int) -> bytes:
    once = b"\x10\x00\x20\x00LO\x04\x00MC1 "
    return instance(number).replace(once, once.replace(b"MC1", b"MC2") + once)


def without_pixels(number: int) -> bytes:
    dataset = dcmread(BytesIO(instance(number)))
    del dataset.PixelData
    block = dataset.private_block(0x07A1, "ELSCINT1", create=True)
    block.add_new(0x0A, "OB", b"\7" * 8192)
    return part10(dataset)


def put(folder: Path, **files: bytes) -> None:
    (folder / "data").mkdir()
    for name, data in files.items():
        (folder / "data" / name).write_bytes(data)


def states(recipe: Path) -> dict[str, tuple[str, str]]:
    told = json.loads(ferry("status", recipe, "--items", "all", "--format", "json").stdout)
    return {Path(one["location"]).name: (one["verdict"], one["code"]) for one in told["items"]}


def manifest(folder: Path) -> list[dict[str, object]]:
    (path,) = folder.rglob("run-*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_was_mended_is_in_the_plan_and_in_the_manifest(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    put(tmp_path, good=instance(1), odd=odd(2), padded=instance(3) + b"\0" * 13)
    recipe = write_recipe(storescp, transforms=[IDENTIFY])

    plan, run = ferry("plan", recipe), ferry("run", recipe)

    assert "[mended] 2 instances are not sent as their files have them" in plan.stdout
    assert "(0010,0020) LO at byte" in plan.stdout
    assert run.returncode == 0, run.stdout + run.stderr
    told = {Path(str(line["path"])).name: line.get("mended") for line in manifest(tmp_path)
            if "sink" in line}  # fmt: skip
    assert told["good"] is None
    assert "(0010,0020) LO at byte" in str(told["odd"])
    assert "NULs behind the last element" in str(told["padded"])
    assert {dcmread(path).PatientID for path in storescp.files()} == {"MC1"}


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("second-meta-group", with_second_meta_group),
        ("element-twice", with_two_patient_ids),
        ("no-pixel-data", without_pixels),
    ],
)
def test_what_a_recipe_allows_is_let_in_and_said(
    tmp_path: Path,
    write_recipe: Callable[..., Path],
    storescp: servers.StoreScp,
    code: str,
    make: Callable[[int], bytes],
) -> None:
    put(tmp_path, good=instance(1), strange=make(2))
    recipe = write_recipe(storescp, transforms=[IDENTIFY])

    held = ferry("run", recipe)
    before = states(recipe)
    recipe = write_recipe(storescp, transforms=[IDENTIFY], allow=[code])
    plan, let_in = ferry("plan", recipe), ferry("run", recipe)

    assert (held.returncode, before["strange"]) == (1, ("rejected", code))
    assert let_in.returncode == 0, let_in.stdout
    assert f"note [{code}] 1 instance" in plan.stdout
    assert "[allowed]" in plan.stdout
    assert len(storescp.files()) == 2


def test_pixels_in_a_private_element_are_pointed_at(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    put(tmp_path, good=instance(1), strange=without_pixels(2))

    plan = ferry("plan", write_recipe(transforms=[IDENTIFY]))

    assert "(07A1,100A) holds 8192 bytes, which may be its pixels" in plan.stdout


@pytest.mark.parametrize(
    "keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"]
)
@pytest.mark.parametrize("given", [None, ""])
def test_a_uid_that_a_file_lacks_may_come_from_the_recipe(
    tmp_path: Path, write_recipe: Callable[..., Path], keyword: str, given: str | None
) -> None:
    lacking = instance(1, SOPInstanceUID=uid("x"))
    dataset = dcmread(BytesIO(lacking))
    if given is None:
        delattr(dataset, keyword)
    else:
        setattr(dataset, keyword, given)
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=False)
    put(tmp_path, lacking=file.getvalue())
    text = "1.2.840.10008.5.1.4.1.1.4" if keyword == "SOPClassUID" else "2.25.77"

    ferry("plan", write_recipe(transforms=[IDENTIFY]))
    without = states(tmp_path / "journey.yaml")
    ferry("plan", write_recipe(transforms=[{"remap": {"set": {keyword: text}}}, IDENTIFY]))

    assert without == {"lacking": ("rejected", "missing-uid")}
    assert states(tmp_path / "journey.yaml") == {"lacking": ("ready", "")}


@pytest.mark.parametrize("given", [{"PatientID": None}, {"PatientID": ""}])
def test_a_value_that_a_label_needs_has_one_code_and_a_hint(
    tmp_path: Path, write_recipe: Callable[..., Path], given: dict[str, object]
) -> None:
    put(tmp_path, nameless=instance(1, **given))
    recipe = write_recipe(transforms=[IDENTIFY])

    plan = ferry("plan", recipe)

    assert states(recipe) == {"nameless": ("rejected", "value-missing")}
    assert "transforms[0]: " in plan.stdout
    assert "default(" in plan.stdout


def test_an_element_that_cannot_be_written_is_told_with_a_remedy(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    text = instance(1).replace(b"A^B ", b"\xc4^B ")
    assert b"\xc4^B " in text
    put(tmp_path, strange=text)

    plan = ferry(
        "plan", write_recipe(transforms=[{"remap": {"transcode": "ISO_IR 192"}}, IDENTIFY])
    )

    assert plan.returncode == 1
    assert (
        "transforms[0]: PatientName: has bytes beyond ASCII, and no character set says what they"
        " are: set SpecificCharacterSet first, in a remap in front of this one"
    ) in plan.stdout
