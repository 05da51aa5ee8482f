"""The recipes that ship, wherever this dicomferry has them."""

from __future__ import annotations

from pathlib import Path

import dicomferry

_PACKAGE = Path(dicomferry.__file__).parent
_HOMES = (_PACKAGE / "recipes", _PACKAGE.parent.parent / "recipes")

RECIPES = sorted(next(home for home in _HOMES if home.is_dir()).glob("*.yaml"))
