"""What a run of dcmodify changes, in the words of `remap`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from dicomferry.dicom import ElementPattern, keyword_of, parse_pattern, standard_vr
from dicomferry_plugins._commands.shell import NotTranslated, Use
from dicomferry_plugins._commands.words import CLOSE, OPEN, as_shell, parameter

SECTIONS: Final = ("set", "set_if_present", "delete")
"""In the order in which one `remap` does them."""

_PRIVATE_GROUPS: Final = tuple(f"**.(xxx{digit},xxxx)" for digit in "13579bdf")
_WITH_VALUE: Final = {"-ll", "--log-level", "-lc", "--log-config", "+p", "--padding-create"}
_LONG: Final = {
    "--insert": "-i", "--modify": "-m", "--modify-all": "-ma", "--erase": "-e",
    "--erase-all": "-ea", "--erase-private": "-ep", "--ignore-errors": "-ie",
    "--ignore-missing-tags": "-imt", "--insert-from-file": "-if", "--modify-from-file": "-mf",
    "--gen-stud-uid": "-gst", "--gen-ser-uid": "-gse", "--gen-inst-uid": "-gin",
}  # fmt: skip
_UIDS: Final = re.compile(r"([0-9.]{1,64}(\\[0-9.]{1,64})*)?")
_BARE_TAG: Final = re.compile(r"(^|\.)([0-9A-Fa-f]{4},[0-9A-Fa-f]{4})(?=\[|\.|$)")
_MISSING: Final = "dcmodify leaves a file without it unchanged; here its other edits are made"
_ANY_DEPTH: Final = "**."
_NEW_UIDS: Final = "a new UID for each file cannot be repeated; the transform unify-uids derives"


class TagEdit(Struct, frozen=True):
    """One edit: the section of `remap` it belongs to, the attribute, and its text."""

    section: str
    attribute: str
    text: str = ""


class Modification(Struct):
    """What one run changes; `present` are attributes without which it leaves a file alone."""

    line: int
    changes: list[TagEdit] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    faults: list[NotTranslated] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)


def read_modification(use: Use) -> Modification:
    """Return what a run of dcmodify changes, and what of it a recipe cannot do."""
    found = Modification(use.line)
    words = [_LONG.get(word, word) for word in use.words]
    # Without these, one missing tag keeps dcmodify from changing a file at all.
    lenient = bool({"-ie", "-imt"} & set(words))
    rest = iter(words)
    for word in rest:
        if word in ("-i", "-m", "-ma", "-e", "-ea", "-if", "-mf"):
            _edit(found, word, next(rest, ""), lenient=lenient)
        elif word == "-ep":
            found.changes += [TagEdit("delete", group) for group in _PRIVATE_GROUPS]
        elif word in ("-gst", "-gse", "-gin"):
            found.faults.append(NotTranslated(use.line, word, _NEW_UIDS))
        elif word in _WITH_VALUE:
            next(rest, "")
        elif word[:1] not in ("-", "+"):
            found.operands.append(word)
    return found


def _edit(found: Modification, option: str, text: str, *, lenient: bool) -> None:
    path, _, value = text.partition("=")
    if option in ("-if", "-mf"):
        why = "a recipe takes no value from a file"
        found.faults.append(NotTranslated(found.line, f"{option} {path}", why))
        return
    if re.search(r"\{[{%#]", value):
        why = "a recipe takes {{, {% and {# for the beginning of a template"
        found.faults.append(NotTranslated(found.line, f"{option} {path}", why))
        return
    pattern = _pattern(found, option, path)
    if pattern is None:
        return
    name = str(pattern)
    if standard_vr(pattern.leaf.tag) == "UI" and OPEN not in value and not _UIDS.fullmatch(value):
        why = f"'{value}' is no UID; it is a parameter in the recipe"
        found.faults.append(NotTranslated(found.line, f"{option} {name}", why))
        value = parameter(value)
    section = {"-i": "set", "-m": "set_if_present", "-ma": "set_if_present"}.get(option, "delete")
    if option in ("-ma", "-ea"):
        name = _ANY_DEPTH + name
        if option == "-ma" and not lenient:
            found.faults.append(NotTranslated(found.line, f"{option} {name}", _MISSING))
    elif section != "set" and not lenient:
        _demand(found, option, pattern)
    found.changes.append(TagEdit(section, name, value))


def _demand(found: Modification, option: str, pattern: ElementPattern) -> None:
    """Note that the file must have the attribute, unless the run itself has made it."""
    name = str(pattern)
    if any(change.attribute == name and change.section == "set" for change in found.changes):
        return
    if "[" in name or _is_sequence(pattern):
        found.faults.append(NotTranslated(found.line, f"{option} {name}", _MISSING))
    elif name not in found.present:
        found.present.append(name)


def _is_sequence(pattern: ElementPattern) -> bool:
    return standard_vr(pattern.leaf.tag) not in _SCALAR


_SCALAR: Final = frozenset({
    "AE", "AS", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS",
    "ST", "TM", "UC", "UI", "UL", "UR", "US", "UT",
})  # fmt: skip


def _pattern(found: Modification, option: str, path: str) -> ElementPattern | None:
    """Return the attribute that dcmodify's tag path names, by keyword where it has one."""
    text = _BARE_TAG.sub(r"\1(\2)", path.strip())
    why = ""
    if OPEN in text or CLOSE in text:
        why = "a recipe names its attributes, no parameter does"
    elif "[*]" in text:
        why = "it stands for items that dcmodify makes or demands; name them one by one"
    elif option in ("-ma", "-ea") and "[" in text:
        why = "dcmodify takes a tag there and no path, and leaves the file unchanged"
    try:
        pattern = parse_pattern(re.sub(r"\]\(", "].(", text))
    except ValueError as error:
        why = why or str(error)
    if why:
        found.faults.append(NotTranslated(found.line, as_shell(f"{option} {path}"), why))
        return None
    return parse_pattern(_named(pattern))


def _named(pattern: ElementPattern) -> str:
    steps = [f"{keyword_of(step.tag)}[{number}]" for step, number in pattern.steps]
    return ".".join([*steps, keyword_of(pattern.leaf.tag)])


def groups(changes: list[TagEdit]) -> Iterator[dict[str, dict[str, str]]]:
    """Yield the changes as `remap`s of section, attribute and text.

    Edits of different attributes may change places, so most runs are one `remap`.
    """
    current: dict[str, dict[str, str]] = {}
    latest: dict[str, int] = {}
    for change in changes:
        position, root = SECTIONS.index(change.section), _root(change.attribute)
        again = change.attribute in current.get(change.section, {})
        if again or position < latest.get(root, 0) or _meets(change, current):
            yield _ordered(current)
            current, latest = {}, {}
        current.setdefault(change.section, {})[change.attribute] = change.text
        latest[root] = max(position, latest.get(root, 0))
    if current:
        yield _ordered(current)


def _meets(change: TagEdit, current: dict[str, dict[str, str]]) -> bool:
    """Say whether an edit at any depth is one of the two edits that must not change places."""
    return any(
        _meet(change.attribute, other) and {change.section, section} != {"delete"}
        for section, attributes in current.items()
        for other in attributes
    )


def _meet(one: str, other: str) -> bool:
    if not any(name.startswith(_ANY_DEPTH) for name in (one, other)):
        return False
    leaves = [name.rpartition(".")[2] for name in (one, other)]
    if leaves[0] == leaves[1]:
        return True
    # An edit of a sequence or in an item may make or take away what the other one finds.
    return any("[" in name or "(" in name for name in (one, other)) or any(
        standard_vr(parse_pattern(leaf).leaf.tag) not in _SCALAR for leaf in leaves
    )


def _ordered(sections: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {name: sections[name] for name in SECTIONS if name in sections}


def _root(attribute: str) -> str:
    """Return what an edit may interfere with: its sequence, or everything private."""
    return "(" if attribute.startswith("(") else attribute.partition("[")[0]
