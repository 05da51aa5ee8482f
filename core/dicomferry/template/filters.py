"""Strict filters of templates, in place of Jinja's that fail silently or grow without bound."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.filters import do_round

MAX_TEXT: Final = 1_048_576
"""The longest text that a filter may make, in characters."""

_DIGITS: Final = 15
"""The digits that a double keeps."""

_WIDE: Final = re.compile(r"\*|[0-9]{4,}")


def shown(value: object) -> object:
    r"""Join several values with `\`, as DICOM writes them (PS3.5 6.4); leave one value alone.

    A truth value becomes `true` or `false`, as in YAML.
    """
    if isinstance(value, bool):
        return str(value).lower()
    return "\\".join(str(one) for one in value) if isinstance(value, list | tuple) else value


def format_text(text: str, values: Any) -> str:
    """Format as `%` does; raises `SecurityError` for a width above 999."""
    if _WIDE.search(text):
        raise SecurityError("a format is limited to a width of 999")
    return text % (tuple(values) if isinstance(values, list) else values)


def format_filter(text: object, *values: object) -> str:
    """Format as in `'%03d' | format(SeriesNumber)`."""
    return format_text(str(text), values)


def replace(text: object, old: str, new: str, count: int = -1) -> str:
    """Replace a text within another."""
    whole = str(shown(text))
    if (len(whole) + 1) * max(len(new), 1) > MAX_TEXT:
        raise SecurityError("replace would make too long a text")
    return whole.replace(old, new, count)


def join(values: Any, separator: str = "") -> str:
    """Join several values; one value stays itself: its letters are not joined."""
    items = [str(value) for value in (values if isinstance(values, list | tuple) else [values])]
    if len(items) * len(separator) > MAX_TEXT:
        raise SecurityError("join would make too long a text")
    return separator.join(items)


def rounded(value: float, precision: int = 0, method: str = "common") -> float:
    """Round as Jinja does; raises `SecurityError` for a precision beyond 15 digits.

    Jinja takes any precision, and its power of ten as long as it takes.
    """
    if abs(precision) > _DIGITS:
        raise SecurityError(f"round is limited to {_DIGITS} digits")
    return do_round(value, precision, _method(method))


def _method(name: str) -> Literal["common", "ceil", "floor"]:
    match name:
        case "common" | "ceil" | "floor":
            return name
    raise TemplateRuntimeError("round: the method is common, ceil or floor")


def whole_number(value: object, default: int | None = None) -> int:
    """Read a whole number; unlike Jinja's filter, raise where there is none and no default."""
    try:
        return int(str(value).strip())
    except ValueError as error:
        if default is not None:
            return default
        raise TemplateRuntimeError("int: the value is not a whole number") from error


def number(value: object, default: float | None = None) -> float:
    """Read a number; unlike Jinja's filter, raise where there is none and no default."""
    try:
        return float(str(value).strip())
    except ValueError as error:
        if default is not None:
            return default
        raise TemplateRuntimeError("float: the value is not a number") from error
