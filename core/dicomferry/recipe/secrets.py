"""References to secrets, `${scheme:reference}`: the only form in which a recipe holds a secret."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

_REFERENCE: Final = re.compile(r"\$\{([a-z][a-z0-9-]*):([^{}\x00-\x1f]+)\}")
_NAME: Final = re.compile(r"(?i)passw|secret|token|salt|login|credential|api_?key")


class Reference(Struct, frozen=True):
    """The place of a secret; `scheme` names its resolver (`env`, `file`, `netrc`, a plug-in's)."""

    scheme: str
    reference: str

    def __str__(self) -> str:
        return f"${{{self.scheme}:{self.reference}}}"


def parse_reference(text: str) -> Reference | None:
    """Return the reference that `text` is; None for any other text."""
    found = _REFERENCE.fullmatch(text)
    return Reference(found[1], found[2]) if found else None


def is_reference(text: str) -> bool:
    """Return whether the whole text is one reference."""
    return parse_reference(text) is not None


def sounds_secret(name: str) -> bool:
    """Say whether a value of this name may be a secret; then callers do not show or keep it."""
    return _NAME.search(name) is not None
