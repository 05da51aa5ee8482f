"""The notebook of docs/library.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from support.instances import make_instances
from support.journey import PASSWORD, journey

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_notebook_carries_everything_and_proves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XNAT_LOGIN", f"ferry:{PASSWORD}")
    files = make_instances(tmp_path / "data", 12)
    notebook: dict[str, Any] = {}
    with journey(tmp_path, builds_at=12) as trip:
        trip.write(params={"archive": {"default": "nowhere"}})
        recipe = trip.recipe.read_text().replace("path: data", "path: '{{ params.archive }}'")
        Path("memory.yaml").write_text(recipe)
        for block in BLOCK.findall(PAGE.read_text()):
            exec(block, notebook)

    assert notebook["total"] == len(files)
    assert notebook["by_project"] == {"P"}
    assert notebook["not_stored"] == []
    assert len(notebook["items"]) == len(files)
    first, *sessions = capsys.readouterr().out.splitlines()
    assert first == "all 12 instances are stored, and XNAT holds them where it was forecast"
    assert len(sessions) == 4
