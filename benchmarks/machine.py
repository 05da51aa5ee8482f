"""The machine and the versions of the programs that were measured."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.receivers import tool


def describe() -> dict[str, str]:
    """Return the machine, its load, and the versions of the programs."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    dcmtk = subprocess.run([tool("storescu"), "--version"], capture_output=True, text=True)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": f"{cpu}, {os.cpu_count()} cores",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "pydicom": version("pydicom"),
        "pynetdicom": version("pynetdicom"),
        "dcmtk": dcmtk.stdout.split("\n")[0].strip("$ "),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }
