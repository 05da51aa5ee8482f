"""How a recipe was named on the command line, for the commands that are suggested."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path


def named_again(recipe: Path, overrides: Mapping[str, str], state: Path | None) -> str:
    """Return the recipe with its params and state folder, to be pasted behind a verb."""
    words = [str(recipe)]
    for name, value in overrides.items():
        words += ["--set", f"{name}={value}"]
    if state is not None:
        words += ["--state", str(state)]
    return shlex.join(words)
