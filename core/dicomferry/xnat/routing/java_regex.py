"""`java.util.regex` on Python's `re`, for XNAT's routing rules.

`java_pattern` translates a pattern, since the languages differ: `.`, `$`, `\\b`, case folding, line
terminators, quoting. It raises `UnforeseeableError` where Python cannot do the same as Java, and
`JavaSyntaxError` where Java refuses the pattern.
"""

from __future__ import annotations

import re
from unicodedata import combining

from msgspec import Struct

from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.routing.java_classes import Demands
from dicomferry.xnat.routing.java_errors import JavaSyntaxError
from dicomferry.xnat.routing.java_properties import is_settled
from dicomferry.xnat.routing.java_syntax import Translator


class JavaPattern(Struct, frozen=True):
    """A compiled Java pattern; `source` is its text in Java.

    `demands` say for which texts `compiled` does the same. For others `matches` and `replace_all`
    raise `UnforeseeableError`: Java's releases differ there, or Python cannot follow.
    """

    source: str
    compiled: re.Pattern[str]
    demands: Demands

    @property
    def groups(self) -> int:
        """Return the number of capturing groups."""
        return self.compiled.groups

    def matches(self, text: str) -> re.Match[str] | None:
        """Match the complete `text`, as `Matcher.matches()` does."""
        self._check(text)
        return self.compiled.fullmatch(text)

    def replace_all(self, text: str, replacement: str) -> str:
        """Replace as `String.replaceAll` does.

        Raises `JavaSyntaxError` for a bad replacement, like Java only if the pattern matches.
        """
        self._check(text)
        if self.demands.one_start:
            raise UnforeseeableError(f"{self.source!r} looks for the match before")
        match = self.compiled.search(text)
        parts = self.replacement(replacement) if match else ()
        out: list[str] = []
        copied = 0
        while match is not None:
            out += (text[copied : match.start()], _expand(parts, match))
            copied = match.end()
            if not match[0] and any(map(_is_astral, text)):
                # Java finds an empty match between the halves of such a character, too
                raise UnforeseeableError(f"{self.source!r} matches nothing within {_ASTRAL}")
            # behind an empty match, Java goes on one character later; Python's sub() does not
            start = copied + (not match[0])
            match = self.compiled.search(text, start) if start <= len(text) else None
        return "".join(out) + text[copied:]

    def _check(self, text: str) -> None:
        if text.isascii():
            return
        if self.demands.ascii_only:
            raise UnforeseeableError(f"{self.source!r} can only be told of a text in ASCII")
        if self.demands.settled and not all(map(is_settled, text)):
            raise UnforeseeableError(f"{self.source!r} asks what Java knows of a rare character")
        if self.demands.boundaries and any(map(combining, text)):
            raise UnforeseeableError(
                f"{self.source!r} looks for the bounds of words beside a combining accent"
            )

    def replacement(self, text: str) -> tuple[str | int, ...]:
        """Return a replacement's literal texts and group numbers; raises `JavaSyntaxError`."""
        parts: list[str | int] = []
        position = 0
        while position < len(text):
            if text[position] == "$":
                group, position = self._group_reference(text, position + 1)
                parts.append(group)
                continue
            if text[position] == "\\":
                position += 1
                if position == len(text):
                    raise JavaSyntaxError("the replacement ends in a lone backslash")
            parts.append(text[position])
            position += 1
        return tuple(parts)

    def _group_reference(self, text: str, position: int) -> tuple[int, int]:
        if named := _NAME.match(text, position):
            if named[1] not in self.compiled.groupindex:
                raise JavaSyntaxError(f"the replacement names a group {named[1]!r} there is not")
            return self.compiled.groupindex[named[1]], named.end()
        digits = _DIGITS.match(text, position)
        if digits is None:
            raise JavaSyntaxError("the replacement has a '$' without a group behind it")
        end = position + 1
        while end < digits.end() and int(text[position : end + 1]) <= self.groups:
            end += 1
        group = int(text[position:end])
        if group > self.groups:
            raise JavaSyntaxError(f"the replacement wants group {group} of {self.groups}")
        return group, end


_ASTRAL = "a character beyond U+FFFF"
_NAME = re.compile(r"\{([a-zA-Z][a-zA-Z0-9]*)\}")
_DIGITS = re.compile(r"[0-9]+")


def _is_astral(char: str) -> bool:
    return char > "\uffff"


def _expand(parts: tuple[str | int, ...], match: re.Match[str]) -> str:
    return "".join(part if isinstance(part, str) else match[part] or "" for part in parts)


def java_pattern(source: str) -> JavaPattern:
    """Compile a Java pattern.

    Raises `JavaSyntaxError` where Java refuses it, too, and `UnforeseeableError` where Python
    cannot match the same texts as Java.
    """
    translator = Translator(source)
    translated = translator.translate()
    try:
        compiled = re.compile(translated, re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise UnforeseeableError(f"cannot be forecast: {source!r}: {error}") from error
    return JavaPattern(source, compiled, translator.demands)
