"""The nouns every room shares: frozen values, named as DICOM and XNAT name them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Place(Struct, frozen=True, order=True):
    """A position in a text file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How much a problem matters: an error stops a run before anything is sent."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Problem(Struct, frozen=True):
    """One placed fault: a stable code, where it is, what is wrong, and what to do about it.

    `why` says why the receiver minds, where that is not plain.
    `path` is the way to the node, as in `transforms[0].remap.set`; `place` its line and column.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    path: str = ""
    place: Place | None = None
    hint: str = ""
    why: str = ""

    def __str__(self) -> str:
        where = [str(part) for part in (self.place, self.path) if part]
        hint = f" ({self.hint})" if self.hint else ""
        return ": ".join([*where, self.message]) + hint


class CheckState(StrEnum):
    """How `doctor` found one thing of a server."""

    OK = "ok"
    NOTE = "note"
    """worth knowing, and no fault"""
    WARNING = "warning"
    DIFFERS = "differs"
    """the server is not as the recipe says"""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """it could not be learned, so it counts for nothing good"""


class Check(Struct, frozen=True):
    """One thing of a server that `doctor` looked at.

    `server` is its name in the recipe, `what` the thing, as `C-ECHO`. `place` is where the recipe
    says something else.
    """

    server: str
    what: str
    state: CheckState
    message: str
    hint: str = ""
    place: Place | None = None


class Location(Struct, frozen=True, order=True):
    """Where an instance's bytes are: a file, or a member of an archive file."""

    path: str
    member: str = ""

    def __str__(self) -> str:
        return f"{self.path}!{self.member}" if self.member else self.path


class LocalFile(Struct, frozen=True):
    """A finding on a disk: not opened yet, perhaps not DICOM at all.

    `names` are the named groups of the source's `parts` (templates see them as `path.*`), `row`
    the table row the file came from (`row.*`). `size` is in bytes, `modified_ns` in nanoseconds
    since the epoch.
    """

    location: Location
    size: int
    modified_ns: int
    names: Mapping[str, str] = _NOTHING
    row: Mapping[str, str] = _NOTHING


class Unusable(Struct, frozen=True):
    """Something a source came upon and cannot carry; listed, never silently left out."""

    location: Location
    code: str
    reason: str


class InstanceRef(Struct, frozen=True):
    """The four UIDs that say which instance this is."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str


class Refused(Struct, frozen=True):
    """Something that was asked for and may not be carried: it counts as rejected.

    `table_row` is the row of the table that asked for it, from 1; 0 where there is no table.
    """

    location: Location
    code: str
    reason: str
    table_row: int = 0


class RemoteInstance(Struct, frozen=True):
    """A finding on a server: described now, and fetched when it is to be delivered.

    `fetcher` is the name of the offered fetcher that gets its bytes, without a colon; `server` the
    name of the recipe's server that it is asked from. `attributes` are what is known of its header,
    by keyword: the plan is made of them, the instance's own header decides in the end. `relabel` is
    written into the instance before the first transform, by keyword; an empty text clears. `row`
    and `table_row` are the table row that asked for it.

    `key` is its name at a server that knows instances by other names than their UIDs. `size` (in
    bytes) and `modified_ns` (nanoseconds since the epoch) are 0 where the server does not tell
    them; where one of them changes, the instance is planned and fetched anew. `names` are what
    templates see as `path.*`.
    """

    fetcher: str
    server: str
    ref: InstanceRef
    attributes: Mapping[str, str] = _NOTHING
    relabel: Mapping[str, str] = _NOTHING
    row: Mapping[str, str] = _NOTHING
    table_row: int = 0
    key: str = ""
    size: int = 0
    modified_ns: int = 0
    names: Mapping[str, str] = _NOTHING

    @property
    def location(self) -> Location:
        """The fetcher and the server, and the way to the instance there."""
        ref = self.ref
        uids = (ref.study_instance_uid, ref.series_instance_uid, ref.sop_instance_uid)
        return Location(f"{self.fetcher}:{self.server}", self.key or "/".join(uids))


Finding = LocalFile | RemoteInstance | Refused | Unusable


LEVELS: Final = ("project", "subject", "session")
"""The labels that say where XNAT files an instance, from the widest to the narrowest."""


class Destination(Struct, frozen=True, order=True):
    """Where XNAT files an instance. `project` None is XNAT's Unassigned; `subject` may be None."""

    project: str | None
    subject: str | None
    session: str

    def __str__(self) -> str:
        return f"{self.project or 'Unassigned'} / {self.subject or '-'} / {self.session}"


class Wanted(Struct, frozen=True):
    """What a transform asks for: labels as XNAT will show them, None where it asks for none.

    `subject_original` and `session_original` are the texts before cleaning, so that two different
    originals that fall together on one label can be told. `chosen` are the levels that somebody
    has set in a saved plan: they stand before the first transform. A transform that
    writes labels writes these in the place of its own; what none has written, the engine writes.
    """

    project: str | None = None
    subject: str | None = None
    session: str | None = None
    subject_original: str | None = None
    session_original: str | None = None
    chosen: frozenset[str] = frozenset()


class AutoArchive(StrEnum):
    """What XNAT does with the session once it is quiet."""

    AUTO = "auto"
    MANUAL = "manual"
    PROJECT_DEFAULT = "project-default"
    NEVER = "never"


class Because(Struct, frozen=True):
    """The rule that decided each level, in words."""

    project: str
    subject: str
    session: str


class Forecast(Struct, frozen=True):
    """What XNAT will make of one instance, and why; `refused` is why it would not take it.

    `notes` are codes of what the plan is to warn of: what the labels rest on, and what a person
    would read in the header and XNAT does not. `originals` are the texts that the labels of
    subject and session were made of, before XNAT cleaned them.
    """

    destination: Destination
    because: Because
    auto_archive: AutoArchive
    refused: str | None = None
    notes: tuple[str, ...] = ()
    originals: tuple[str | None, str | None] = (None, None)


class Stored(Struct, frozen=True):
    """The receiver said that it has the instance; `receipt` is what it said."""

    receipt: str


class Excluded(Struct, frozen=True):
    """Left out on purpose: the recipe says so."""

    reason: str


class Rejected(Struct, frozen=True):
    """Held back by a rule: damaged, unidentifiable, in conflict."""

    reason: str


class Failed(Struct, frozen=True):
    """Not stored by accident; `retryable` when running again may help."""

    reason: str
    retryable: bool


Outcome = Stored | Excluded | Rejected | Failed
