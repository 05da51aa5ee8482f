"""The transform `remap`: it copies, replaces, looks up, sets and deletes attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from dicomferry import (
    Component,
    Context,
    Edits,
    Header,
    Problem,
    Rejected,
    Severity,
    Template,
    Transform,
    hookimpl,
)
from dicomferry.dicom import ElementPattern, check_character_set, parse_pattern
from dicomferry.options import Attribute, AttributePattern, Regex
from dicomferry_plugins._lookup import lookup_remarks, read_table
from dicomferry_plugins._remapping import (
    CopyStep,
    DeleteStep,
    LookupStep,
    RemapStep,
    ReplaceStep,
    SetIfPresentStep,
    SetStep,
    TranscodeStep,
)

_Fault = tuple[tuple[str | int, ...], str]


class Replace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search and replace in the text of one attribute, value by value."""

    pattern: Annotated[Regex, msgspec.Meta(description="a Python regular expression")]
    replacement: Annotated[
        str, msgspec.Meta(description=r"what stands in for a match; \1 is its first group")
    ] = msgspec.field(name="with")


class Lookup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table with a header row, as CSV or .xlsx; an empty cell empties the attribute."""

    file: Annotated[str, msgspec.Meta(description="the table", min_length=1)]
    key: Annotated[
        Template, msgspec.Meta(description="attribute, or template, whose value is looked up")
    ]
    set: Annotated[
        dict[Attribute, str],
        msgspec.Meta(description="attribute: column of the table", min_length=1),
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

    @property
    def key_is_template(self) -> bool:
        """Whether the key is a template, not the name of an attribute."""
        return "{{" in self.key.source

    @property
    def key_column(self) -> str:
        """Return the name of the key's column."""
        return self.column or self.key.source

    def faults(self) -> Iterator[_Fault]:
        """Yield the faults of the key."""
        if self.key_is_template:
            if not self.column:
                yield ("lookup", "key"), "is a template: name the table's column with 'column'"
            return
        try:
            parse_pattern(self.key.source)
        except ValueError as error:
            yield ("lookup", "key"), str(error)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sections take effect in the order they have here, each seeing what the ones before did.

    Attributes are keywords, `(gggg,eeee)`, `(gggg,"CREATOR",ee)`, or a path into sequences such as
    `RequestAttributesSequence[*].ScheduledProcedureStepID`. `**.PatientID` is every PatientID that
    is there: in the data set, and in every item of every sequence at any depth.
    """

    transcode: Annotated[
        str,
        msgspec.Meta(
            description="character set that all texts are written in, at any depth; such as"
            " ISO_IR 192, which is UTF-8"
        ),
    ] = ""
    copy: Annotated[
        dict[Attribute, Attribute],
        msgspec.Meta(description="attribute: where it is copied from"),
    ] = {}
    replace: Annotated[
        dict[AttributePattern, Replace],
        msgspec.Meta(description="attribute: regex and text"),
    ] = {}
    lookup: Annotated[
        Lookup | None, msgspec.Meta(description="attributes from a table, by a key")
    ] = None
    set: Annotated[
        dict[Attribute, Template], msgspec.Meta(description="attribute: its new text")
    ] = {}
    set_if_present: Annotated[
        dict[AttributePattern, Template],
        msgspec.Meta(description="attribute: its new text, where it is there, empty or not"),
    ] = {}
    delete: Annotated[
        tuple[AttributePattern, ...],
        msgspec.Meta(description="attributes to remove; x stands for any hexadecimal digit"),
    ] = ()

    def __repr__(self) -> str:
        """Return what the ledger knows a recipe's work by: as ever where nothing is transcoded."""
        names = self.__struct_fields__ if self.transcode else self.__struct_fields__[1:]
        return f"Options({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def faults(self) -> Iterator[_Fault]:
        """Yield the faults of the character set, of replacements and of the lookup's key."""
        if self.transcode:
            try:
                check_character_set(self.transcode)
            except ValueError as error:
                yield ("transcode",), str(error)
        for name, rule in self.replace.items():
            try:
                re.compile(rule.pattern).sub(rule.replacement, "")
            except (re.error, IndexError) as error:
                yield ("replace", name, "with"), f"does not fit the pattern: {error}"
        if self.lookup is not None:
            yield from self.lookup.faults()


class Remap(Struct, frozen=True):
    """The steps of one remap, in order."""

    steps: tuple[RemapStep, ...]
    inputs: tuple[Path, ...]

    def edit(self, header: Header) -> Edits | Rejected:
        """Return the edits of all steps, or the first rejection."""
        edits = Edits()
        for step in self.steps:
            made = step.edits(header)
            if isinstance(made, Rejected):
                return made
            if made:
                header = header.edited(made)
                edits += made
        return edits


def _lookup_step(lookup: Lookup, path: Path) -> LookupStep:
    return LookupStep(
        table=read_table(path, lookup.key_column, tuple(lookup.set.values())),
        key=lookup.key if lookup.key_is_template else parse_pattern(lookup.key.source),
        key_name=lookup.key_column,
        targets=tuple(map(parse_pattern, lookup.set)),
        missing=lookup.missing,
    )


def _steps(options: Options, table: Path | None) -> Iterator[RemapStep]:
    def texts(section: dict[str, Template]) -> tuple[tuple[ElementPattern, Template], ...]:
        return tuple((parse_pattern(name), text) for name, text in section.items())

    if options.transcode:
        yield TranscodeStep(options.transcode)
    yield CopyStep(tuple((parse_pattern(a), parse_pattern(b)) for a, b in options.copy.items()))
    yield ReplaceStep(
        tuple(
            (parse_pattern(name), re.compile(rule.pattern), rule.replacement)
            for name, rule in options.replace.items()
        )
    )
    if options.lookup is not None and table is not None:
        yield _lookup_step(options.lookup, table)
    yield SetStep(texts(options.set))
    yield SetIfPresentStep(texts(options.set_if_present))
    yield DeleteStep(tuple(map(parse_pattern, options.delete)))


def _build(options: Options, context: Context) -> Remap:
    table = context.path(options.lookup.file) if options.lookup else None
    return Remap(tuple(_steps(options, table)), (table,) if table else ())


def _remarks(options: Options, context: Context) -> Iterable[Problem]:
    if (lookup := options.lookup) is None:
        return ()
    columns = tuple(lookup.set.values())
    found = lookup_remarks(context.path(lookup.file), lookup.key_column, columns)
    return [one for one in found if one.severity is not Severity.NOTE]


_EXAMPLE = """\
transforms:
  - remap:                            # in this order
      set: {InstitutionName: Memory Clinic, PatientName: "{{ PatientID }}"}
      set_if_present: {AccessionNumber: ""}
      delete: [OtherPatientIDs, "(0019,xxxx)"]
"""


@hookimpl
def dicomferry_transforms() -> Iterable[Component[Options, Transform]]:
    """Offer the remap transform."""
    yield Component(
        "remap", "set, copy, replace, look up and delete attributes", Options, _build, _EXAMPLE,
        _remarks,
    )  # fmt: skip
