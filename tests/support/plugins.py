"""Plug-ins that a test writes for itself."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent


def install(folder: Path, name: str, code: str) -> dict[str, str]:
    """Write a plug-in of one module; return the environment in which it is installed."""
    told = folder / f"{name}-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(f"[dicomferry.plugins]\n{name} = {name}\n")
    (folder / f"{name}.py").write_text(dedent(code))
    return {"PYTHONPATH": str(folder)}
