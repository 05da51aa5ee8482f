"""The formats that a recipe's schema names; each has a check with a message for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from dicomferry.recipe import annotations as known
from dicomferry.recipe.secrets import is_reference
from dicomferry.template import Templates, with_suggestion

if TYPE_CHECKING:
    from jsonschema import FormatChecker

    from dicomferry.dicom.tags import ElementPattern


def format_checker(templates: Templates, servers: Collection[str]) -> FormatChecker:
    """Return the checks for one recipe; each raises `ValueError` with the message to show."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checks: dict[str, Callable[[str], object]] = {
        known.TEMPLATE_FORMAT: templates.template,
        known.CONDITION_FORMAT: templates.condition,
        known.ATTRIBUTE_FORMAT: _attribute,
        known.PATTERN_FORMAT: _pattern,
        known.SECRET_FORMAT: _secret,
        known.REGEX_FORMAT: _regex,
        known.SERVER_FORMAT: lambda name: _server(name, servers),
    }
    for name, check in checks.items():
        checker.checks(name, raises=ValueError)(_text_only(check))
    return checker


def _text_only(check: Callable[[str], object]) -> Callable[[object], bool]:
    def checked(value: object) -> bool:
        if isinstance(value, str):
            check(value)
        return True

    return checked


def _pattern(text: str) -> ElementPattern:
    from dicomferry.dicom.tags import parse_pattern

    return parse_pattern(text)


def _attribute(text: str) -> None:
    if not _pattern(text).settable:
        raise ValueError(f"'{text}' stands for many attributes, and x cannot be used here")


def _secret(text: str) -> None:
    if not is_reference(text):
        raise ValueError("secrets are references: write ${env:NAME}, ${file:PATH} or ${netrc:HOST}")


def _regex(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"this is not a regular expression: {error}") from error


def _server(name: str, servers: Collection[str]) -> None:
    if name not in servers:
        message = f"no server '{name}' is declared under servers"
        raise ValueError(with_suggestion(message, name, servers))
