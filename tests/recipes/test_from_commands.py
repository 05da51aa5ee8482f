"""A recipe made from a script does to every file what the script does to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pydicom.data
import pytest

from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.edit import Ready, edit_and_forecast
from dicomferry.engine.pipeline.steps import Steps, build_steps
from dicomferry.errors import FerryError
from dicomferry.host import Selection, load_plugins
from dicomferry.model import Location
from dicomferry.recipe.load import load_recipe
from support.cli import ferry
from support.compare import changed_tags, dumps
from support.published import PAGE

MORE = """\
find /path/to/data -name '*.dcm' -print0 | xargs -0 -n 1 dcmodify -nb -m StationName=ferry \\
  -e '(0008,0080)' -i '(0040,0275)[0].(0040,0009)=S1' -i AccessionNumber=
find /path/to/data -name '*.dcm' -exec dcmodify -nb -imt -e StudyTime -m StudyID=7 \\
  -i 'ImageType=DERIVED\\SECONDARY' -i RescaleSlope=-1.5 -i InstanceNumber=3 {} \\;
"""

UID = "1.2.826.0.1.3680043.9.7.1"
SETTINGS = {
    "xnat_server_ip": "h", "xnat_server_port": "104", "aetitle": "A", "studyinstanceid": UID,
}  # fmt: skip


IN_PAGE = frozenset({"(0010,0020)", "(0010,0010)", "(0008,1030)", "(0020,000d)"})
IN_MORE = frozenset({
    "(0008,1010)", "(0008,0080)", "(0040,0275)", "(0008,0050)", "(0008,0030)", "(0020,0010)",
    "(0008,0008)", "(0028,1053)", "(0020,0013)",
})  # fmt: skip


@pytest.mark.parametrize(
    ("script", "edited", "largest", "fewest"),
    [(PAGE, IN_PAGE, 10_000_000, 90), (MORE, IN_MORE, 50_000, 50)],
    ids=["page", "more"],
)
def test_every_file_becomes_what_dcmodify_makes_of_it(
    script: str, edited: frozenset[str], largest: int, fewest: int,
    dcmtk: Callable[[str], str], tmp_path: Path,
) -> None:  # fmt: skip
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    originals = _copy(theirs, largest)
    filled = script.replace("/path/to/data", str(theirs)).replace("STUDYINSTANCEID", UID)
    _run_commands(filled, Path(dcmtk("dcmodify")).parent)
    steps = _stages(script, tmp_path)
    ours.mkdir()

    written = {name: _write(path, ours / name, steps) for name, path in originals.items()}

    both = {name for name, done in written.items() if done and _editable(dcmtk, theirs / name)}
    before = _dumped(dcmtk, {name: originals[name] for name in both})
    expected = _dumped(dcmtk, {name: theirs / name for name in both})
    # dcmtk writes what it does not understand in another way than it was: no equal is to be had.
    sound = {name for name in both if changed_tags(before[name], expected[name]) <= edited}
    got = _dumped(dcmtk, {name: ours / name for name in sound})
    differing = {name: changed_tags(expected[name], got[name]) for name in sound}
    assert {name: tags for name, tags in differing.items() if tags} == {}
    assert len(sound) >= fewest


def test_the_verb_writes_the_recipe_and_lists_the_rest(tmp_path: Path) -> None:
    (tmp_path / "push.sh").write_text(PAGE)

    result = ferry("init", tmp_path / "push.yaml", "--from-commands", tmp_path / "push.sh")

    assert result.returncode == 1
    assert "push.sh: line 4: sends /path/to/local/data" in result.stderr
    settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    assert ferry("validate", tmp_path / "push.yaml", *settings).returncode == 0
    assert ferry("test", tmp_path / "push.yaml", *settings).returncode == 0


def test_a_script_without_such_commands_is_refused(tmp_path: Path) -> None:
    (tmp_path / "push.sh").write_text("echo hello\n")

    result = ferry("init", tmp_path / "push.yaml", "--from-commands", tmp_path / "push.sh")

    assert result.returncode == 2
    assert "known: dcmodify, storescu and dcmsend" in result.stderr
    assert not (tmp_path / "push.yaml").exists()


def _copy(folder: Path, largest: int) -> dict[str, Path]:
    """Copy what pydicom ships up to a size; return the originals by the copies' names."""
    folder.mkdir()
    found: dict[str, Path] = {}
    for path in sorted(Path(pydicom.data.__file__).parent.rglob("*.dcm")):
        if path.stat().st_size > largest:
            continue
        name = f"{len(found):03}-{path.name}"
        shutil.copy(path, folder / name)
        found[name] = path
    return found


def _run_commands(script: str, programs: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", script, re.DOTALL) or [script]
    for block in blocks:
        if "dcmodify" in block:
            path = f"{programs}{os.pathsep}{os.environ['PATH']}"
            # Some of pydicom's files are broken on purpose: dcmodify complains and leaves them.
            subprocess.run(
                ["bash", "-c", block], env=os.environ | {"PATH": path},
                capture_output=True, check=False, timeout=600,
            )  # fmt: skip


def _stages(script: str, folder: Path) -> Steps:
    (folder / "push.sh").write_text(script)
    ferry("init", folder / "push.yaml", "--from-commands", folder / "push.sh")
    plugins = load_plugins(Selection())
    settings = SETTINGS if "storescu" in script else {}
    return build_steps(load_recipe(folder / "push.yaml", plugins.components, settings), plugins)


def _write(path: Path, target: Path, steps: Steps) -> bool:
    """Write a file as the recipe edits it; say whether it can be read at all."""
    location = Location(str(path))
    try:
        with open_instance(open_blob(location), location) as instance:
            instance.check()
            result = edit_and_forecast(steps, instance.header, len(steps.transforms))
            assert isinstance(result, Ready), result
            target.write_bytes(b"".join(instance.file(result.header).chunks()))
    except FerryError:
        return False
    return True


def _dumped(dcmtk: Callable[[str], str], files: dict[str, Path]) -> dict[str, list[str]]:
    found = dumps(dcmtk("dcmdump"), files.values())
    return {name: _plain(found[path]) for name, path in files.items()}


def _editable(dcmtk: Callable[[str], str], path: Path) -> bool:
    """Say whether dcmodify can edit a file at all."""
    scratch = path.parent.parent / "scratch.dcm"
    shutil.copy(path, scratch)
    command = [dcmtk("dcmodify"), "-nb", "-i", "PatientID=x", str(scratch)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _plain(lines: list[str]) -> list[str]:
    """Leave out what is the writer's choice: lengths of sequences and groups, and padding."""
    cut = [re.split(r"#|\((?:Sequence|Item) with", line)[0].rstrip() for line in lines]
    return [
        line for line in cut
        if not line.lstrip().startswith(("(fffe,e0dd)", "(fffe,e00d)", "(fffc,fffc)"))
        and line.lstrip()[6:10] != "0000"
    ]  # fmt: skip
