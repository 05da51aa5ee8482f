"""Public names that are imported when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lazily(
    namespace: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a namespace whose names stand in other modules.

    `homes` has the names by module below `dicomferry`.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def get(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {namespace!r} has no attribute {name!r}")
        found = getattr(import_module(f"dicomferry.{home_of[name]}"), name)
        setattr(sys.modules[namespace], name, found)
        return found

    return get, lambda: sorted(home_of)
