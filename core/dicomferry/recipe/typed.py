"""The types of parameters: the form of their text, and the value that templates see."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

Typed = str | int | float | bool

KINDS: Final = ("text", "integer", "number", "boolean", "choice")

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?")
_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False}


def kind_of(declaration: Mapping[str, object]) -> str:
    """Return a parameter's declared type; `choice` where it declares `choices` only."""
    if "type" not in declaration and "choices" in declaration:
        return "choice"
    return str(declaration.get("type", "text"))


def choices_of(declaration: Mapping[str, object]) -> tuple[str, ...]:
    """Return a parameter's allowed texts; none where it does not list them."""
    choices = declaration.get("choices")
    return tuple(map(str, choices)) if isinstance(choices, list) else ()


def typed(text: str, kind: str, choices: Sequence[str]) -> Typed:
    """Return a parameter's value for templates; raises `ValueError` when the text does not fit.

    A whole number has no leading zeros: `007` is a code, and codes are text.
    """
    match kind:
        case "integer" if not _INTEGER.fullmatch(text):
            raise ValueError(f"'{text}' is not a whole number")
        case "integer":
            return int(text)
        case "number" if not _NUMBER.fullmatch(text):
            raise ValueError(f"'{text}' is not a number")
        case "number":
            return float(text) if not _INTEGER.fullmatch(text) else int(text)
        case "boolean" if text not in _TRUTH:
            raise ValueError(f"'{text}' is neither true nor false")
        case "boolean":
            return _TRUTH[text]
        case "choice" if text not in choices:
            raise ValueError(f"'{text}' is none of {', '.join(choices) or 'no choices'}")
        case _:
            return text
