"""What dcmodify makes of a file and what a splice makes of it read the same to dcmdump."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry.dicom.edits import Delete, Edit, Edits, Set
from dicomferry.dicom.instance import Instance
from support.dumps import dump, run

NAMES = ["CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm",
         "rtplan.dcm", "liver_1frame.dcm"]  # fmt: skip
CHANGES: dict[str, tuple[list[str], list[Edit]]] = {
    "set": (
        ["-i", "(0010,0020)=ferry", "-i", "(0008,1030)=odd"],
        [Set((0x00100020,), "ferry"), Set((0x00081030,), "odd")],
    ),
    "delete": (["-ea", "(0008,0020)"], [Delete((0x00080020,))]),
    "in an item": (
        ["-i", "(0040,0275)[0].(0040,0009)=1"],
        [Set((0x00400275, 0, 0x00400009), "1")],
    ),
    "numbers": (
        ["-i", "(0028,1052)=-1024.5", "-i", "(0020,9128)=7", "-i", "(0054,0081)=3"],
        [Set((0x00281052,), "-1024.5"), Set((0x00209128,), "7"), Set((0x00540081,), "3")],
    ),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", CHANGES)
def test_a_splice_reads_as_dcmodify_s_file(
    name: str, change: str, dcmtk: Callable[[str], str], wheel_file: Callable[[str], Path],
    opened: Callable[[Path], Instance], bytes_of: Callable[..., bytes], tmp_path: Path,
) -> None:  # fmt: skip
    arguments, edits = CHANGES[change]
    theirs, ours = tmp_path / "theirs.dcm", tmp_path / "ours.dcm"
    shutil.copy(wheel_file(name), theirs)
    run(dcmtk("dcmodify"), "-nb", "-imt", *arguments, str(theirs))
    instance = opened(wheel_file(name))

    ours.write_bytes(bytes_of(instance.file(instance.header.edited(Edits.of(edits)))))

    dcmdump = dcmtk("dcmdump")
    # dcmodify drops trailing padding.
    both = [dump(dcmdump, path, without=("(fffc,fffc)",)) for path in (ours, theirs)]
    assert both[0] == both[1]
