"""The picture of the rooms is what the import graph says."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def test_the_picture_of_the_rooms_is_fresh() -> None:
    picture: str = run_path(str(DOCS / "rooms.py"))["picture"]()

    fresh = (DOCS / "rooms.svg").read_text(encoding="utf-8")
    assert picture == fresh, "draw it anew: make rooms"


def test_rooms_that_import_each_other_in_a_circle_are_refused() -> None:
    floors_of = run_path(str(DOCS / "rooms.py"))["floors_of"]

    with pytest.raises(ValueError, match="a circle: a -> b -> a"):
        floors_of({"a": frozenset({"b"}), "b": frozenset({"a"})})
