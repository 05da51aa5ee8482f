"""The receivers of the benchmarks, both with their fastest settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support import servers


@contextmanager
def storescp(folder: Path) -> Iterator[int]:
    """Run dcmtk's storescp, which accepts instances and discards them; yield its port."""
    options = ["--ignore", "--fork", "--max-pdu", "131072"]
    with servers.storescp(folder, ae_title="XNAT", options=options) as receiver:
        yield receiver.port


@contextmanager
def orthanc(folder: Path) -> Iterator[int]:
    """Run Orthanc on an empty store; yield its DICOM port."""
    with servers.orthanc(folder, ae_title="XNAT") as receiver:
        yield receiver.port


def tool(name: str) -> str:
    """Return the path of a dcmtk program; `SystemExit` where it is not installed."""
    path = servers.program(name)
    if path is None:
        raise SystemExit(f"{name} is not installed: try `make system`")
    return path
