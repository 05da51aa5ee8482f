"""Globs for paths below a folder, with the rules of shells and `.gitignore` files."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DEEP = "\0"  # replaces `**` until the parts beside it are known; no path holds a NUL


def compile_globs(globs: Iterable[str]) -> re.Pattern[str]:
    """Return one pattern that fully matches a relative path when any of `globs` does.

    `**` as a component is any number of folders, or none. `*` and `?` stay within one component;
    `[abc]` and `[!abc]` are sets. Case matters. Without globs the pattern matches no path.
    """
    return re.compile("|".join(map(_translate, globs)) or r"(?!)", re.DOTALL)


def glob_fault(glob: str) -> str:
    """Return why `glob` can match no path below a folder; empty when it can."""
    parts = glob.split("/")
    if not glob.strip():
        return "an empty glob matches nothing"
    if glob.startswith("/") or ".." in parts or "." in parts:
        return f"{glob!r} can match nothing: globs are relative to the folder, without '.' or '..'"
    return ""


def _translate(glob: str) -> str:
    parts = glob.removesuffix("/").split("/")
    pattern = "/".join(_DEEP if part == "**" else _translate_component(part) for part in parts)
    if pattern.endswith(f"/{_DEEP}"):
        # `a/**` also matches the folder `a`, so that an exclude stops the walk there.
        pattern = pattern.removesuffix(f"/{_DEEP}") + "(?:/.+)?"
    return pattern.replace(f"{_DEEP}/", "(?:.+/)?").replace(_DEEP, ".+")


def _translate_component(part: str) -> str:
    tokens = re.findall(r"\*+|\?|\[!?\]?[^\]]*\]|.", part, re.DOTALL)
    return "".join(map(_translate_token, tokens))


def _translate_token(token: str) -> str:
    if token.startswith("*"):
        return "[^/]*"
    if token == "?":  # noqa: S105 - a glob's token, no secret
        return "[^/]"
    if len(token) > 1:
        inverted = "^" if token[1] == "!" else ""
        members = token[1:-1].removeprefix("!")
        escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
        return f"(?!/)[{inverted}{escaped}]"
    return re.escape(token)
