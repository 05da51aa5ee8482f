"""The program as it was installed, run as its users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]

PATH = Path(sys.prefix) / "bin" / "dicomferry"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Give a function that runs the installed command in the test's own folder."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PATH, *map(str, arguments)],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run
