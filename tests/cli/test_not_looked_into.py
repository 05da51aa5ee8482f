"""What cannot be looked into is named by every verb, and is never a success."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from support.cli import ferry
from support.instances import make_instances

from .conftest import RecipeWriter

EXPORT = [{"export": {"path": "out", "layout": "{{ subject }}/{{ SOPInstanceUID }}.dcm"}}]


@pytest.fixture
def scans(tmp_path: Path) -> list[bytes]:
    """Leave one instance on the disk, and return seven others."""
    paths = make_instances(tmp_path / "data", 8, sessions=2)
    contents = [path.read_bytes() for path in paths[1:]]
    for path in paths[1:]:
        path.unlink()
    return contents


def zipped(**members: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return whole.getvalue()


def codes(recipe: Path) -> dict[str, str]:
    """Return the code of everything that the plan sends nowhere, by file name."""
    held = json.loads(ferry("plan", recipe, "--format", "json").stdout)["held"]
    return {Path(one["location"]).name: f"{one['verdict']}/{one['code']}" for one in held}


def ends(recipe: Path) -> tuple[int, int, int]:
    """Return how plan, run and status end; whatever is printed is no claim that all is well."""
    plan, run, status = (ferry(verb, recipe) for verb in ("plan", "run", "status"))
    assert "Everything is stored." not in run.stdout
    assert "Traceback" not in plan.stderr + run.stderr + status.stderr
    return plan.returncode, run.returncode, status.returncode


def test_compressed_files_and_archives_in_archives_are_stored(
    scans: list[bytes], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    data = tmp_path / "data"
    (data / "1.dcm.gz").write_bytes(gzip.compress(scans[0]))
    (data / "2.bz2").write_bytes(bz2.compress(scans[1]))
    (data / "3").write_bytes(lzma.compress(scans[2]))
    inner = zipped(**{"4": scans[3], "5.gz": gzip.compress(scans[4])})
    (data / "outer.zip").write_bytes(zipped(**{"inner.zip": inner, "6": scans[5]}))
    with tarfile.open(data / "7.tar", "w") as archive:
        nested = gzip.compress(zipped(x=b"text"))
        for name, content in {"7.dcm.xz": lzma.compress(scans[6]), "x.zip.gz": nested}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    recipe = write_recipe(source={"archives": True}, sinks=EXPORT)

    run = ferry("run", recipe)

    assert (run.returncode, run.stderr) == (0, "")
    assert "8 instances stored" in run.stdout
    stored = {path.read_bytes()[-8:] for path in (tmp_path / "out").rglob("*.dcm")}
    assert len(stored) == 8
    again = ferry("run", recipe)
    assert again.returncode == 0
    assert "0 instances stored" in again.stdout
    assert ferry("replay", tmp_path / ".dicomferry/journey/manifests/run-1.jsonl").returncode == 0


def test_what_archives_would_open_is_named_with_the_hint(
    scans: list[bytes], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    data = tmp_path / "data"
    (data / "a.dcm.gz").write_bytes(gzip.compress(scans[0]))
    (data / "b").write_bytes(zipped(x=scans[1]))
    (data / "c.xz").write_bytes(lzma.compress(scans[2]))
    (data / "notes.txt.gz").write_bytes(gzip.compress(b"text"))
    recipe = write_recipe(sinks=EXPORT)

    assert codes(recipe) == {
        "a.dcm.gz": "not-looked-into/not-opened",
        "b": "not-looked-into/not-opened",
        "c.xz": "not-looked-into/not-opened",
        "notes.txt.gz": "passed/not-dicom",
    }
    assert ends(recipe) == (1, 1, 1)
    assert "archives: true" in ferry("run", recipe).stdout


@pytest.mark.parametrize("archives", [True, False])
@pytest.mark.parametrize(
    "content",
    [
        b"7z\xbc\xaf\x27\x1c" + bytes(900),
        b"Rar!\x1a\7\1\0" + bytes(900),
        bytes(0x8001) + b"CD001" + bytes(900),
        b"\x1f\x9d\x90" + bytes(900),
        b"/annex/objects/MD5E-s40--ab.dcm\n",
        zipped(x=bytes(900))[:600],
    ],
    ids=["7z", "rar", "iso", "Z", "annex", "cut zip"],
)
def test_what_cannot_be_opened_is_named(
    content: bytes, archives: bool, scans: list[bytes], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    (tmp_path / "data" / "box").write_bytes(content)
    recipe = write_recipe(source={"archives": archives}, sinks=EXPORT)

    (code,) = codes(recipe).values()
    assert code.startswith("not-looked-into/")
    assert ends(recipe) == (1, 1, 1)


def test_encrypted_members_are_named(
    scans: list[bytes], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    locked = bytearray(zipped(x=scans[0]))
    locked[locked.index(b"PK\1\2") + 8] |= 1
    locked[6] |= 1
    (tmp_path / "data" / "a.zip").write_bytes(zipped(**{"inner.zip": bytes(locked)}))
    recipe = write_recipe(source={"archives": True}, sinks=EXPORT)

    assert codes(recipe) == {"a.zip!inner.zip!x": "not-looked-into/encrypted"}
    assert ends(recipe) == (1, 1, 1)


def test_documents_are_no_archives(
    scans: list[bytes], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    data = tmp_path / "data"
    (data / "a.docx").write_bytes(zipped(**{"[Content_Types].xml": b"x", "word/a.xml": b"x"}))
    (data / "b.jar").write_bytes(zipped(**{"META-INF/MANIFEST.MF": b"x"}))
    (data / "c.zip").write_bytes(zipped(**{"d.xlsx": zipped(**{"[Content_Types].xml": b"x"})}))
    (data / "empty.zip").write_bytes(zipped())
    recipe = write_recipe(source={"archives": True}, sinks=EXPORT)

    assert codes(recipe) == {
        "a.docx": "passed/not-dicom",
        "b.jar": "passed/not-dicom",
        "c.zip!d.xlsx": "passed/not-dicom",
        "empty.zip": "passed/empty-archive",
    }
    assert ferry("run", recipe).returncode == 0


def test_what_is_no_dicom_is_summed_up_by_kind(
    scans: list[bytes], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    data = tmp_path / "data"
    for number in range(30):
        (data / f"{number}.JPG").write_bytes(b"\xff\xd8\xff")
        (data / f"{number}.x{'abcdefghijklmnopqrstuvwxyzabcd'[number]}y").write_bytes(b"text")
    for name in ("README", "a.123", "b.txt", "c.txt"):
        (data / name).write_bytes(b"text")
    recipe = write_recipe(sinks=EXPORT)

    text = ferry("plan", recipe).stdout
    (line,) = (line.strip() for line in text.splitlines() if line.strip().startswith("30 .jpg"))
    told: Any = json.loads(ferry("plan", recipe, "--format", "json").stdout)["not_dicom"]

    kinds = {one["kind"]: one["items"] for one in told}
    assert (kinds[".jpg"], kinds[".txt"], kinds["no extension"]) == (30, 2, 2)
    assert sum(kinds.values()) == 64
    assert sum(int(part.split()[0]) for part in line.split(", ")) == 64
    assert line.endswith("kinds")


def test_forecast_lists_what_is_broken_and_goes_on(scans: list[bytes], tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "0.zip").write_bytes(zipped(x=scans[0])[:300])
    (data / "1.tar.gz").write_bytes(gzip.compress(scans[0])[:300])
    (data / "2.dcm.gz").write_bytes(gzip.compress(scans[1]))
    (data / "3.docx").write_bytes(zipped(**{"[Content_Types].xml": b"x"}))
    (data / "4.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))

    told = ferry("forecast", data, "--format", "json")

    assert told.returncode == 1, told.stderr
    report = json.loads(told.stdout)
    assert sum(study["instances"] for study in report["studies"]) == 2
    left_out = {Path(one["location"]).name: one["settled"] for one in report["left_out"]}
    assert left_out == {"0.zip": False, "1.tar.gz": False, "3.docx": True, "4.7z": False}


@pytest.mark.parametrize("verb", ["forecast", "plan"])
def test_no_verb_waits_for_a_pipe_or_follows_a_circle(
    verb: str, scans: list[bytes], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    data = tmp_path / "data"
    os.mkfifo(data / "pipe.dcm")
    (data / "endless").symlink_to("/dev/zero")
    (data / "circle").symlink_to("circle")
    (data / "back").symlink_to(data)

    told = ferry(verb, data if verb == "forecast" else write_recipe(sinks=EXPORT))

    assert told.returncode == 1, told.stderr
    for name in ("endless", "circle"):
        assert str(data / name) in told.stdout
    if verb == "forecast":
        for name in ("pipe.dcm", "back"):
            assert str(data / name) in told.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_that_are_no_text_go_through_all_verbs(
    encoding: str, tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    paths = make_instances(tmp_path / "made", 3, sessions=3)
    data = tmp_path / "data"
    for number, name in enumerate((b"M\xfcller", b"M\xf6ller", b"Smith")):
        folder = data / os.fsdecode(name)
        folder.mkdir(parents=True)
        content = paths[number].read_bytes()
        (folder / os.fsdecode(b"\xff.dcm")).write_bytes(content)
        (folder / os.fsdecode(b"copy\xfe")).write_bytes(content)
        (folder / os.fsdecode(b"note\xfd.\xfct")).write_bytes(b"text")
        (folder / os.fsdecode(b"box\xfc.zip")).write_bytes(zipped(x=content)[:200])
    recipe = write_recipe(
        source={"parts": "^(?P<who>[^/]+)/", "archives": True},
        transforms=[
            {
                "identify": {
                    "project": "P",
                    "subject": "{{ path.who }}",
                    "session": "{{ path.who }}_1",
                }
            },
            {"remap": {"set": {"PatientName": "{{ path.who }}"}}},
        ],
        sinks=EXPORT,
    )
    env = {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}

    for verb in (
        ["plan"], ["plan", "--format", "json"], ["run"], ["status", "--items", "all"],
        ["status", "--items", "all", "--format", "json"], ["plan", "-o", tmp_path / "plan.csv"],
        ["plan", "-o", tmp_path / "plan.json"], ["forecast"],
    ):  # fmt: skip
        what = data if verb == ["forecast"] else recipe
        done = ferry_bytes(verb[0], what, *verb[1:], env=env)
        assert done.returncode == 1, (verb, done.stderr)
        assert b"Traceback" not in done.stderr
    subjects = {path.name for path in (tmp_path / "out").iterdir()}
    assert subjects == {"M_FCller", "M_F6ller", "Smith"}


def ferry_bytes(*arguments: object, env: dict[str, str]) -> Any:
    import subprocess

    from support.cli import PROGRAM

    return subprocess.run(
        [*PROGRAM, *map(str, arguments)], env=os.environ | env, capture_output=True, timeout=600
    )
