"""Change attributes: set, copy, replace, look up in a table, delete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from dicomferry import (
    Component,
    Context,
    Edits,
    ElementPattern,
    Header,
    Rejected,
    Template,
    Transform,
    hookimpl,
    parse_pattern,
)
from dicomferry_plugins._lookup import read_table
from dicomferry_plugins._remapping import (
    CopyStep,
    DeleteStep,
    LookupStep,
    ReplaceStep,
    SetStep,
    Step,
)

_Fault = tuple[tuple[str | int, ...], str]


class Replace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search and replace in the text of one attribute, value by value."""

    pattern: Annotated[str, msgspec.Meta(description="a Python regular expression")]
    replacement: Annotated[
        str, msgspec.Meta(description=r"what stands in for a match; \1 is its first group")
    ] = msgspec.field(name="with")


class Lookup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A UTF-8 CSV table with a header row; an empty cell empties the attribute."""

    file: Annotated[str, msgspec.Meta(description="the table", min_length=1)]
    key: Annotated[
        Template, msgspec.Meta(description="attribute, or template, whose value is looked up")
    ]
    set: Annotated[
        dict[str, str], msgspec.Meta(description="attribute: column of the table", min_length=1)
    ]
    column: Annotated[
        str, msgspec.Meta(description="column of the key; default: the key's own name")
    ] = ""
    missing: Annotated[
        Literal["reject", "keep", "error"],
        msgspec.Meta(
            description="when the table lacks the value: hold the instance back, leave it as it"
            " is, or stop the run"
        ),
    ] = "reject"

    def key_column(self) -> str:
        """Return the name of the key's column."""
        return self.column or self.key.source


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sections take effect in the order they have here, each seeing what the ones before did.

    Attributes are keywords, `(gggg,eeee)`, `(gggg,"CREATOR",ee)`, or a path into sequences such as
    `RequestAttributesSequence[*].ScheduledProcedureStepID`.
    """

    copy: Annotated[
        dict[str, str], msgspec.Meta(description="attribute: the attribute it is copied from")
    ] = {}
    replace: Annotated[
        dict[str, Replace], msgspec.Meta(description="attribute: pattern and replacement")
    ] = {}
    lookup: Annotated[
        Lookup | None, msgspec.Meta(description="attributes from a table, by a key")
    ] = None
    set: Annotated[dict[str, Template], msgspec.Meta(description="attribute: its new text")] = {}
    set_if_present: Annotated[
        dict[str, Template],
        msgspec.Meta(description="attribute: its new text, where it is there, empty or not"),
    ] = {}
    delete: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="attributes to remove; x stands for any hexadecimal digit"),
    ] = ()

    def faults(self) -> Iterator[_Fault]:
        """Yield every attribute, regex and replacement that is not one."""
        for section in ("copy", "replace", "set", "set_if_present"):
            for name in getattr(self, section):
                yield from _attribute_fault(
                    name, (section, name), written=section in {"copy", "set"}
                )
        for name, source in self.copy.items():
            yield from _attribute_fault(source, ("copy", name))
        for number, name in enumerate(self.delete):
            yield from _attribute_fault(name, ("delete", number))
        for name, rule in self.replace.items():
            yield from _regex_fault(rule, ("replace", name))
        if self.lookup is not None:
            yield from _lookup_faults(self.lookup)


@dataclass(frozen=True, slots=True)
class Remap:
    """The steps of one remap, in order."""

    steps: tuple[Step, ...]
    inputs: tuple[Path, ...]

    def edit(self, header: Header) -> Edits | Rejected:
        """Say what all steps change; the first that rejects the instance decides."""
        edits = Edits()
        for step in self.steps:
            made = step.edits(header)
            if isinstance(made, Rejected):
                return made
            if made:
                header = header.edited(made)
                edits += made
        return edits


def _attribute_fault(
    text: str, path: tuple[str | int, ...], *, written: bool = False
) -> Iterator[_Fault]:
    try:
        pattern = parse_pattern(text)
    except ValueError as error:
        yield path, str(error)
        return
    if written and not pattern.settable:
        yield path, f"{text} has a wildcard: name the one element that is to be set"


def _regex_fault(rule: Replace, path: tuple[str | int, ...]) -> Iterator[_Fault]:
    try:
        pattern = re.compile(rule.pattern)
    except re.error as error:
        yield (*path, "pattern"), f"is not a regular expression: {error}"
        return
    try:
        pattern.sub(rule.replacement, "")
    except (re.error, IndexError) as error:
        yield (*path, "with"), f"does not fit the pattern: {error}"


def _lookup_faults(lookup: Lookup) -> Iterator[_Fault]:
    for name in lookup.set:
        yield from _attribute_fault(name, ("lookup", "set", name), written=True)
    if "{{" not in lookup.key.source:
        yield from _attribute_fault(lookup.key.source, ("lookup", "key"))
    elif not lookup.column:
        yield ("lookup", "key"), "is a template: name the column of the table with 'column'"


def _lookup_step(lookup: Lookup, path: Path) -> LookupStep:
    is_template = "{{" in lookup.key.source
    return LookupStep(
        table=read_table(path, lookup.key_column(), tuple(lookup.set.values())),
        key=lookup.key if is_template else parse_pattern(lookup.key.source),
        key_name=lookup.key_column(),
        targets=tuple(map(parse_pattern, lookup.set)),
        missing=lookup.missing,
    )


def _steps(options: Options, table: Path | None) -> Iterator[Step]:
    def texts(section: dict[str, Template]) -> tuple[tuple[ElementPattern, Template], ...]:
        return tuple((parse_pattern(name), text) for name, text in section.items())

    yield CopyStep(tuple((parse_pattern(a), parse_pattern(b)) for a, b in options.copy.items()))
    yield ReplaceStep(
        tuple(
            (parse_pattern(name), re.compile(rule.pattern), rule.replacement)
            for name, rule in options.replace.items()
        )
    )
    if options.lookup is not None and table is not None:
        yield _lookup_step(options.lookup, table)
    yield SetStep(texts(options.set), only_present=False)
    yield SetStep(texts(options.set_if_present), only_present=True)
    yield DeleteStep(tuple(map(parse_pattern, options.delete)))


def _build(options: Options, context: Context) -> Remap:
    table = context.path(options.lookup.file) if options.lookup else None
    return Remap(tuple(_steps(options, table)), (table,) if table else ())


@hookimpl
def dicomferry_transforms() -> Iterable[Component[Options, Transform]]:
    """Offer the remap transform."""
    yield Component("remap", "set, copy, replace, look up and delete attributes", Options, _build)
