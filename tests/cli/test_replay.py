"""`replay` does a run again elsewhere and proves that it is the same, or says what is not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from dicomferry.engine.provenance.manifest import read_entries, read_head
from dicomferry.errors import FerryError
from dicomferry.testing import Pacs, instance_bytes
from support import servers
from support.cli import ferry
from support.instances import make_instances
from support.recipes import RECIPES

RECIPE = """\
recipe: 1
name: once
sources:
  - folder: {path: data}
transforms:
  - remap: {set: {InstitutionName: Clinic}}
sinks:
  - export: {path: out, layout: "{{ SOPInstanceUID }}.dcm"}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    make_instances(tmp_path / "data", 8)
    path = tmp_path / "once.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the manifest of a run whose files stay as they are."""
    folder = tmp_path_factory.mktemp("done")
    make_instances(folder / "data", 8)
    (folder / "data" / "notes.txt").write_text("not DICOM at all")
    (folder / "once.yaml").write_text(RECIPE)
    return run(folder / "once.yaml")


def run(recipe: Path, *more: object) -> Path:
    """Run a recipe and return its manifest."""
    result = ferry("run", recipe, "--format", "json", *more)
    assert result.returncode in (0, 1), result.stderr
    return Path(json.loads(result.stdout)["manifest"])


def lines(manifest: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in manifest.read_text().splitlines()]


def changed(manifest: Path, folder: Path, **facts: str | int) -> Path:
    """Return a copy of a manifest with facts of its first instance changed."""
    head, first, *rest = lines(manifest)
    copy = folder / "changed.jsonl"
    copy.write_text("".join(json.dumps(line) + "\n" for line in [head, first | facts, *rest]))
    return copy


def delivered(manifest: Path) -> list[dict[str, Any]]:
    return [line for line in lines(manifest) if "sop" in line]


def test_a_manifest_has_the_digest_of_every_file(done: Path) -> None:
    found = {entry["path"]: entry["input"] for entry in delivered(done)}

    assert len(found) == 8
    for path, digest in found.items():
        assert blake3(Path(path).read_bytes()).hexdigest() == digest


def test_a_manifest_has_the_digest_of_what_the_sink_was_given(done: Path) -> None:
    folder = lines(done)[0]["receivers"]["export"]
    for entry in delivered(done):
        whole = Path(folder, entry["reason"]).read_bytes()
        # PS3.10 7.1: behind the meta group, whose length is in its first element
        start = 144 + int.from_bytes(whole[140:144], "little")
        stop = len(whole) - entry["untouched"]
        assert blake3(whole[start:stop]).hexdigest() == entry["sent"]
        assert whole[stop:] == Path(entry["path"]).read_bytes()[-entry["untouched"] :]
        assert entry["untouched"] > 500


def test_a_manifest_says_what_was_held_back(done: Path) -> None:
    held = [line for line in lines(done) if "code" in line]

    assert [(line["held"], line["code"]) for line in held] == [("passed", "not-dicom")]


def test_a_second_run_has_a_manifest_of_its_own(recipe: Path) -> None:
    first, second = run(recipe), run(recipe)

    assert (len(delivered(first)), len(delivered(second))) == (8, 0)


def test_a_param_that_may_be_a_secret_is_not_kept(recipe: Path) -> None:
    recipe.write_text(
        RECIPE.replace("sources:", "params:\n  token: {default: plain text}\nsources:")
    )
    manifest = run(recipe)

    refused = ferry("replay", manifest)
    result = ferry("replay", manifest, "--set", "token=plain text")

    assert "plain text" not in manifest.read_text()
    assert (refused.returncode, result.returncode) == (2, 0)
    assert "--set token=VALUE" in refused.stderr


def test_a_ledger_that_is_gone_is_missed_beside_a_manifest(recipe: Path) -> None:
    first = run(recipe)
    before = first.read_bytes()
    for path in first.parents[1].glob("ledger.sqlite*"):
        path.unlink()

    for verb in ("plan", "run", "status"):
        result = ferry(verb, recipe)

        assert result.returncode == 2
        assert "the ledger is missing or empty" in result.stderr
        assert "move the folder `manifests` away" in result.stderr
    assert first.read_bytes() == before


def test_a_manifest_is_for_its_owner_alone(done: Path) -> None:
    assert done.stat().st_mode & 0o077 == 0


def test_a_replay_proves_every_byte_and_leaves_the_ledger_alone(done: Path) -> None:
    before = {path.name for path in done.parent.iterdir()}

    result = ferry("replay", done)

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "8 instances: every byte is the same."
    assert {path.name for path in done.parent.iterdir()} == before


def test_a_replay_into_a_folder_leaves_the_files(done: Path, tmp_path: Path) -> None:
    result = ferry("replay", done, "--to", tmp_path / "again")

    before = {path.read_bytes() for path in done.parents[3].glob("out/*")}
    assert result.returncode == 0, result.stderr
    assert {path.read_bytes() for path in (tmp_path / "again").rglob("*.dcm")} == before


def test_a_replay_to_a_receiver_sends_there(done: Path, storescp: servers.StoreScp) -> None:
    result = ferry("replay", done, "--receiver", f"STORESCP@127.0.0.1:{storescp.port}")

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(storescp.files()) == 8


def test_a_run_to_an_xnat_is_replayed_without_it(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 8)
    manifest = run(write_recipe(storescp, dicom={"associations": 1}))

    result = ferry("replay", manifest)

    assert result.stdout.splitlines()[-1] == "8 instances: every byte is the same."
    assert len(storescp.files()) == 8


def test_only_what_the_manifest_lists_is_replayed(recipe: Path, tmp_path: Path) -> None:
    manifest = run(recipe)
    make_instances(tmp_path / "data" / "later", 12)

    result = ferry("replay", manifest, "--to", tmp_path / "again", "--format", "json")

    assert json.loads(result.stdout)["instances"] == 8
    assert len(list((tmp_path / "again").rglob("*.dcm"))) < 9


def test_a_changed_file_is_named(recipe: Path) -> None:
    manifest = run(recipe)
    victim = Path(lines(manifest)[1]["path"])
    victim.write_bytes(victim.read_bytes()[:-1] + b"\x01")

    result = ferry("replay", manifest)

    assert result.returncode == 1
    assert f"({victim}): the file: " in result.stdout
    assert "7 of 8 instances identical." in result.stdout


def test_a_changed_recipe_is_told_and_its_first_difference_named(recipe: Path) -> None:
    manifest = run(recipe)
    recipe.write_text(RECIPE.replace("Clinic", "Other"))

    result = ferry("replay", manifest)

    assert result.returncode == 1
    assert "changed since: recipe: digest: " in result.stdout
    assert ": the edits: " in result.stdout


def test_other_bytes_are_told(done: Path, tmp_path: Path) -> None:
    manifest = changed(done, tmp_path, sent="0" * 64)

    result = ferry("replay", manifest)

    assert result.returncode == 1
    assert "the bytes that were sent: 0000000000000000… → " in result.stdout


def test_another_end_of_what_was_sent_is_told(done: Path, tmp_path: Path) -> None:
    ended = lines(done)[1]["untouched"]

    result = ferry("replay", changed(done, tmp_path, untouched=ended - 2))

    assert result.returncode == 1
    assert f"the number of bytes that were sent untouched: {ended - 2} → {ended}" in result.stdout


def test_a_file_that_is_gone_is_told(recipe: Path) -> None:
    manifest = run(recipe)
    Path(lines(manifest)[1]["path"]).unlink()

    result = ferry("replay", manifest)

    assert result.returncode == 1
    assert "is not in the second" in result.stdout


def test_what_has_no_digest_is_not_called_the_same(done: Path, tmp_path: Path) -> None:
    result = ferry("replay", changed(done, tmp_path, sent="", input=""))

    assert result.returncode == 1
    assert "1 instance cannot be proved" in result.stdout


def test_a_file_whose_name_is_no_text_is_replayed(recipe: Path) -> None:
    victim = next((recipe.parent / "data").rglob("I*"))
    victim.rename(victim.with_name(os.fsdecode(b"\xff\xfe")))

    result = ferry("replay", run(recipe))

    assert result.stdout.splitlines()[-1] == "8 instances: every byte is the same."


def test_a_manifest_of_a_killed_run_is_replayed_as_far_as_it_goes(
    done: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(done.read_bytes().splitlines(keepends=True)[:4]) + b'{"sink":"ex')

    result = ferry("replay", cut)

    assert result.stdout.splitlines()[-1] == "3 instances: every byte is the same."


def test_a_manifest_without_stored_instances_proves_nothing(done: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text(done.read_text().splitlines(keepends=True)[0])

    result = ferry("replay", empty)

    assert result.returncode == 1
    assert "nothing is proved" in result.stdout


@pytest.mark.parametrize("text", ["", "{}\n", "[1]\n", "text\n", "\xff\n", '{"manifest": 1}\n'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.jsonl").write_text(text, encoding="latin-1")

    with pytest.raises(FerryError, match=r"m\.jsonl: "):
        read_head(tmp_path / "m.jsonl")


def test_a_missing_manifest_is_told_in_a_line(tmp_path: Path) -> None:
    result = ferry("replay", tmp_path / "m.jsonl")

    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("line", ['{"sink": "export"}', '{"held": 1}', "[]", "no json"])
def test_a_line_that_was_changed_is_named(done: Path, tmp_path: Path, line: str) -> None:
    head, _, *rest = done.read_text().splitlines()
    manifest = tmp_path / "m.jsonl"
    manifest.write_text("\n".join([head, line, *rest]) + "\n")

    with pytest.raises(FerryError, match="line 2"):
        list(read_entries(manifest))


def test_a_manifest_of_a_later_version_asks_for_an_upgrade(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"manifest": 2}\n')

    with pytest.raises(FerryError) as error:
        read_head(tmp_path / "m.jsonl")
    assert error.value.hint == "upgrade dicomferry"


def test_two_runs_of_the_same_do_not_differ(recipe: Path, tmp_path: Path) -> None:
    first = run(recipe)
    second = run(recipe, "--state", tmp_path / "other")

    result = ferry("diff", first, second)

    assert (result.returncode, result.stdout) == (0, "Both runs did the same.\n")


def test_two_runs_are_told_apart_instance_by_instance(recipe: Path, tmp_path: Path) -> None:
    first = run(recipe)
    recipe.write_text(RECIPE.replace("Clinic", "Other"))
    shutil.rmtree(tmp_path / "out")
    second = run(recipe, "--state", tmp_path / "other")

    result = ferry("diff", first, second)

    found = result.stdout.splitlines()
    assert result.returncode == 1
    assert len([line for line in found if ": the edits: " in line]) == 8
    assert found[0].startswith("recipe: digest: ")


def test_a_shipped_recipe_is_locked_run_and_replayed_anywhere(legacy: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    recipe = tmp_path / "here" / "export-only.yaml"
    shutil.copy(next(path for path in RECIPES if path.stem == "export-only"), recipe)
    settings = ("--set", f"archive={legacy}", "--set", "out=sorted")
    one = {"TZ": "UTC", "LC_ALL": "C"}
    other = {"TZ": "Pacific/Apia", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "7"}
    assert ferry("lock", "export-only.yaml", *settings, cwd=recipe.parent, env=one).returncode == 0

    ran = ferry(
        "run", "--locked", "export-only.yaml", *settings, "--format", "json",
        cwd=recipe.parent, env=one,
    )  # fmt: skip
    manifest = os.path.relpath(
        recipe.parent / json.loads(ran.stdout)["manifest"], tmp_path / "there"
    )
    result = ferry("replay", manifest, "--to", "again", cwd=tmp_path / "there", env=other)

    assert ran.returncode == 0, ran.stderr
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "55 instances: every byte is the same."


def test_what_came_from_a_pacs_is_asked_for_again_and_proved(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    for number in range(3):
        attributes = {"PatientID": "P7", "StudyInstanceUID": "1.2.3", "InstanceNumber": number}
        (tmp_path / "held" / str(number)).write_bytes(instance_bytes(attributes))
    recipe = tmp_path / "once.yaml"
    with Pacs(tmp_path / "held") as pacs:
        server = f"{{host: 127.0.0.1, port: {pacs.port}, ae_title: PACS, retrieve: c-get}}"
        source = "- pacs-query: {pacs: old, where: {PatientID: P7}}"
        recipe.write_text(
            RECIPE.replace("- folder: {path: data}", source)
            + f"servers:\n  old:\n    pacs: {server}\n"
        )
        result = ferry("replay", run(recipe))

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "3 instances: every byte is the same."
