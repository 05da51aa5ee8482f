"""What of a file is not sent as it is written."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

SECOND_META_GROUP: Final = "second-meta-group"
"""The code of a mend that a recipe must allow: which of two meta groups is right is not known."""

ELEMENT_TWICE: Final = "element-twice"
"""The code of a mend that a recipe must allow: which of two values is right is not known."""


class Mend(Struct, frozen=True):
    """What was mended, and at which byte; an empty `code` needs no leave of the recipe."""

    text: str
    code: str = ""
