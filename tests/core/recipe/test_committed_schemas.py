"""The schemas that come with dicomferry are those of its own components."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from dicomferry.host import GROUP, Selection, load_plugins
from dicomferry.recipe.schema import schemas_folder, write_schemas


def test_the_committed_schemas_are_fresh(tmp_path: Path) -> None:
    """Run `make schemas` when this fails."""
    own = [
        found
        for found in entry_points(group=GROUP)
        if found.dist is not None and found.dist.name == "dicomferry"
    ]
    components = load_plugins(Selection(), own).components
    fresh = {path.name: path.read_text() for path in write_schemas(tmp_path, components)}
    committed = {path.name: path.read_text() for path in schemas_folder().glob("*.json")}

    assert fresh == committed
