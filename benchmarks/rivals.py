"""The rivals: tools that people use today, each with its best known settings."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Cost, run
from benchmarks.receivers import tool

FAST = {"TCP_NODELAY": "1"}
"""Without this, dcmtk waits 40 ms per instance (Nagle's algorithm, delayed acknowledgment)."""

_EDITS = {
    "PatientID": "ANON1",
    "PatientName": "ANON1",
    "StudyDescription": "LEGACY",
    "StudyInstanceUID": "1.2.3.4",
}


def blog(folder: Path, port: int) -> Cost:
    """Edit and send with the blog's commands: one process per file, default settings."""
    words = " ".join(f"-m {keyword}={value}" for keyword, value in _EDITS.items())
    edit = rf"find {folder} -name '*.dcm' -exec {tool('dcmodify')} -nb {words} {{}} \;"
    send = f"{tool('storescu')} -aec XNAT 127.0.0.1 {port} --scan-directories --recurse {folder}"
    return run(["bash", "-c", f"{edit} && {send}"])


def dcmodify(folder: Path) -> list[str]:
    """Return the command that edits a folder with as few processes as possible."""
    words = " ".join(f"-m {keyword}={value}" for keyword, value in _EDITS.items())
    find = f"find {folder} -name '*.dcm' -print0"
    return ["bash", "-c", f"{find} | xargs -0 {tool('dcmodify')} -nb {words}"]


def batched(folder: Path, port: int) -> Cost:
    """Edit with batched dcmodify, then send with one storescu without Nagle's algorithm."""
    return _added(run(dcmodify(folder)), storescu(folder, port))


def batched_dcmsend(folder: Path, port: int) -> Cost:
    """Edit with batched dcmodify, then send with dcmsend."""
    command = [tool("dcmsend"), "-aec", "XNAT", "127.0.0.1", str(port), "+sd", "+r", folder]
    return _added(run(dcmodify(folder)), run(command, FAST))


def storescu(folder: Path, port: int) -> Cost:
    """Send with one storescu that proposes only the needed contexts."""
    address = ["-aec", "XNAT", "127.0.0.1", str(port)]
    command = [tool("storescu"), "-R", "--max-pdu", "131072", *address, "+sd", "+r", folder]
    return run(command, FAST)


def pynetdicom_app(folder: Path, port: int) -> Cost:
    """Edit with pydicom, then send with pynetdicom's own storescu."""
    edit = (
        "import sys\nfrom pathlib import Path\nfrom pydicom import dcmread\n"
        "for path in Path(sys.argv[1]).rglob('*.dcm'):\n"
        "    dataset = dcmread(path)\n"
        + "".join(f"    dataset.{word} = {value!r}\n" for word, value in _EDITS.items())
        + "    dataset.save_as(path)\n"
    )
    address = ["-aec", "XNAT", "127.0.0.1", str(port), "-r", "-cx", folder]
    return _added(
        run([sys.executable, "-c", edit, folder]),
        run([sys.executable, "-m", "pynetdicom", "storescu", *address]),
    )


def pydicom_index(folder: Path) -> Cost:
    """Read every header with pydicom up to the pixel data, in one process."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom pydicom import dcmread\n"
        "for path in Path(sys.argv[1]).rglob('*.dcm'):\n"
        "    header = dcmread(path, stop_before_pixels=True)\n"
        "    header.PatientID, header.StudyInstanceUID, header.SOPInstanceUID\n"
    )
    return run([sys.executable, "-c", code, folder])


def on_a_copy(rival: Callable[[Path, int], Cost]) -> Callable[[Path, int], Cost]:
    """Return the rival on its own copy of the data; the copying is not measured."""

    def copied(folder: Path, port: int) -> Cost:
        copy = folder.with_name(f"{folder.name}-{time.monotonic_ns()}")
        subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
        try:
            return rival(copy, port)
        finally:
            shutil.rmtree(copy)

    return copied


def _added(*costs: Cost) -> Cost:
    return Cost(sum(c.wall for c in costs), sum(c.cpu for c in costs))
