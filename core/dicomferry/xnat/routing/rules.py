"""XNAT's custom routing rules: `(gggg,eeee):REGEX[:GROUP][ t:TARGET r:REPLACEMENT]`.

This is XNAT's `ExtractorFromRuleProvider`. The regex must match the complete value; a rule without
replacement reads the first 64 characters only. The default group is 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from dicomferry.dicom.header import Header
from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.reading.reader import Reader
from dicomferry.xnat.routing.java_errors import JavaSyntaxError
from dicomferry.xnat.routing.java_regex import JavaPattern, java_pattern

_ANY = r"[^\n\r\u0085\u2028\u2029]"
_RULE = re.compile(
    r"\(([0-9a-fA-F]{4}),([0-9a-fA-F]{4})\):"
    rf"({_ANY}+?)(?::(\d+))?(?: t:({_ANY}*) r:({_ANY}*))?",
    re.ASCII,
)
_LINE_BREAK = re.compile(r"\r\n|[\n-\r\u0085\u2028\u2029]")
_JAVA_BLANKS = "".join(map(chr, range(33)))
_WINDOW = 64
_LARGEST = 2**31 - 1
"""Java's largest int: Java parses no larger group number, and XNAT up to 1.9 no larger tag."""


class RuleError(ValueError):
    """XNAT raises an error for this rule: at every instance, or at every matching value."""


class Rule(Struct, frozen=True):
    """One rule; its `name` is its place, as in `site rule 1`."""

    name: str
    source: str
    tag: int
    pattern: JavaPattern
    group: int
    target: str | None
    replacement: str | None

    def __str__(self) -> str:
        return f"{self.name}: {self.source}"

    def extract(self, header: Header, reader: Reader) -> str | None:
        """Return the text that the rule extracts from an instance; None without a match.

        `reader` reads the element as the server does.

        Raises `RuleError` where XNAT raises an error, `UnforeseeableError` where Python cannot
        forecast Java's result.
        """
        if self.tag > _LARGEST and self.tag in header:
            raise UnforeseeableError("releases of XNAT differ in what they read above group 7FFF")
        value = reader.text(header, self.tag)
        if value is None:
            return None
        match = self.pattern.matches(value if self.target is not None else _window(value))
        if match is None:
            return None
        if self.group > self.pattern.groups:
            raise RuleError(self._missing_group())
        found: str | None = match[self.group]
        if found is None or self.target is None or self.replacement is None:
            return found
        try:
            return java_pattern(self.target).replace_all(found, self.replacement)
        except JavaSyntaxError as error:
            raise RuleError(str(error)) from error

    def faults(self) -> Iterable[str]:
        """Yield the faults at which XNAT raises an error once a value matches."""
        if self.group > self.pattern.groups:
            yield self._missing_group()
        if self.target is not None and self.replacement is not None:
            try:
                java_pattern(self.target).replacement(self.replacement)
            except ValueError as error:
                yield str(error)

    def _missing_group(self) -> str:
        return f"asks for group {self.group}, and its regex has {self.pattern.groups}"


def _window(value: str) -> str:
    """Return the first 64 UTF-16 code units; Java counts these as characters."""
    if len(value) <= _WINDOW // 2:
        return value
    units = value.encode("utf-16-le", "surrogatepass")[: 2 * _WINDOW]
    return units.decode("utf-16-le", "surrogatepass")


def rule_lines(texts: Iterable[str]) -> list[str]:
    """Return the lines of `texts` without empty ones; each line is a rule."""
    return [line for text in texts for line in _LINE_BREAK.split(text) if line]


def parse_rule(name: str, line: str, *, high_groups: bool = True) -> Rule:
    """Parse one rule; raises `RuleError` as XNAT does, and `UnforeseeableError`.

    `high_groups` tells whether the server reads rules on groups above 7FFF.
    """
    source = line.strip(_JAVA_BLANKS)
    parts = _RULE.fullmatch(source)
    if parts is None:
        raise RuleError(f"{source!r} is not '(gggg,eeee):REGEX[:GROUP][ t:TARGET r:REPLACEMENT]'")
    tag = int(parts[1] + parts[2], 16)
    group = 1 if parts[4] is None else int(parts[4])
    if tag > _LARGEST and not high_groups:
        raise RuleError(f"XNAT up to 1.9 cannot read groups above 7FFF: {source!r}")
    if group > _LARGEST:
        raise RuleError(f"no number of a group: {parts[4]}")
    try:
        pattern = java_pattern(parts[3])
    except JavaSyntaxError as error:
        raise RuleError(str(error)) from error
    return Rule(name, source, tag, pattern, group, parts[5], parts[6])


class RuleChain(Struct, frozen=True):
    """The rules of one level in order, or the error that XNAT raises at every instance.

    XNAT parses all rules of a level before it tries the first: one bad line breaks the level.
    """

    rules: tuple[Rule, ...] = ()
    broken: RuleError | UnforeseeableError | None = None

    def __add__(self, later: RuleChain) -> RuleChain:
        return RuleChain(self.rules + later.rules, self.broken or later.broken)

    def check(self) -> None:
        """Raise the error of a broken level."""
        if self.broken is not None:
            raise self.broken


def parse_rules(owner: str, texts: Iterable[str], *, high_groups: bool = True) -> RuleChain:
    """Parse the rules of one level; `owner` is `site` or `receiver`."""
    rules: list[Rule] = []
    for number, line in enumerate(rule_lines(texts), 1):
        name = f"{owner} rule {number}"
        try:
            rules.append(parse_rule(name, line, high_groups=high_groups))
        except (RuleError, UnforeseeableError) as error:
            return RuleChain(tuple(rules), type(error)(f"{name}: {error}"))
    return RuleChain(tuple(rules))
