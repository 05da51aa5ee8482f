"""The nouns that all packages share: frozen values with the names of DICOM and XNAT."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from dicomferry.names import shown


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

    `why` says why the receiver minds, when the message does not make it plain. `path` leads to the
    node of a recipe, as in `transforms[0].remap.set`; `place` is its line and column.
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
    """the doctor could not find out, so it does not count as ok"""


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
    """Where an instance's bytes are: a file, or a member of an archive file.

    In an archive inside an archive, and in a compressed file, the member has several names, as in
    `inner.zip!image`. `path` is the name that the system knows, with its odd bytes (PEP 383); the
    location as text has them as `%FF`.
    """

    path: str
    member: str = ""

    def __str__(self) -> str:
        text = f"{self.path}!{self.member}" if self.member else self.path
        return text if text.isascii() else shown(text)  # it is asked of every file


class LocalFile(Struct, frozen=True):
    """A file that a source found. Nobody has opened it yet: it need not be DICOM.

    `names` are the named groups of the source's `parts` (templates see them as `path.*`), `row`
    the table row the file came from (`row.*`). `size` is in bytes, `modified_ns` in nanoseconds
    since the epoch.
    """

    location: Location
    size: int
    modified_ns: int
    names: Mapping[str, str] = field(default_factory=dict)
    row: Mapping[str, str] = field(default_factory=dict)


class Unusable(Struct, frozen=True):
    """Something that a source found and knows to be no instance; the plan lists it with its reason.

    Where an instance may be in it, it is `NotLookedInto`. `table_row` is the row of a table that
    it tells of, counted from 1; 0 for none.
    """

    location: Location
    code: str
    reason: str
    table_row: int = 0


class NotLookedInto(Struct, frozen=True):
    """Something that a source found and could not look into: an instance may be in it.

    It is never known to be no DICOM: a folder that cannot be listed, an archive that is cut short.
    The plan lists it with its reason, and no verb calls everything stored while there is one.
    """

    location: Location
    code: str
    reason: str


class InstanceRef(Struct, frozen=True):
    """The four UIDs that identify an instance."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str


class Refused(Struct, frozen=True):
    """Something that a table asks for and a rule forbids: it counts as rejected.

    `table_row` is the row that asks for it, counted from 1; 0 for a source without a table.
    `known` is what the row says of it, by the columns of a saved plan: labels by level, attributes
    by keyword.
    """

    location: Location
    code: str
    reason: str
    table_row: int = 0
    known: Mapping[str, str] = field(default_factory=dict)


class RemoteInstance(Struct, frozen=True):
    """An instance that a source found on a server. A fetcher gets its bytes before delivery.

    `fetcher` is the name of the fetcher that a plug-in offers; it has no colon. `server` is the
    name of the server in the recipe. `attributes` are the values that the server tells of its
    header, by keyword: the plan uses them, and delivery uses the header of the instance itself.
    The engine writes `relabel`, by keyword, into the instance before the first transform; an empty
    text clears an attribute. `row` and `table_row` are the table row that asks for the instance.
    `labels` are what that row wants XNAT to call it, by level (`subject`, `session`): nothing is
    written for them, and an instance that XNAT would file under another label is held back.

    `key` names it at a server that does not know instances by their UIDs. `size` (in bytes) and
    `modified_ns` (nanoseconds since the epoch) are 0 when the server does not tell them; when one
    of them changes, the engine plans and fetches the instance again. Templates see `names` as
    `path.*`.

    `asked` are keys by which the instance was asked for, as in a C-FIND: its own header must match
    those of which `attributes` has no value (PS3.4 C.2.2.2), and may not contradict the others, or
    it is rejected.

    `candidate_of` is the location of the `Refused` row that finds more studies than it may: this is
    an instance of one of them. It is left out, unless somebody includes its series in a saved plan;
    the row is then no longer refused.
    """

    fetcher: str
    server: str
    ref: InstanceRef
    attributes: Mapping[str, str] = field(default_factory=dict)
    relabel: Mapping[str, str] = field(default_factory=dict)
    row: Mapping[str, str] = field(default_factory=dict)
    table_row: int = 0
    key: str = ""
    size: int = 0
    modified_ns: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    candidate_of: Location | None = None
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def location(self) -> Location:
        """The fetcher and the server, and the name of the instance there."""
        ref = self.ref
        uids = (ref.study_instance_uid, ref.series_instance_uid, ref.sop_instance_uid)
        return Location(f"{self.fetcher}:{self.server}", self.key or "/".join(uids))


Finding = LocalFile | RemoteInstance | Refused | Unusable | NotLookedInto


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
    """The labels that an instance should get, as XNAT will show them; None asks for no label.

    `subject_original` and `session_original` are the texts before XNAT cleans them: a problem of
    the plan names two different originals that become one label. `chosen` are the levels whose
    labels a user edited in a saved plan: they are known before the first transform. A transform
    that writes labels writes chosen ones instead of its own. The engine writes those that no
    transform has written.
    """

    project: str | None = None
    subject: str | None = None
    session: str | None = None
    subject_original: str | None = None
    session_original: str | None = None
    chosen: frozenset[str] = frozenset()


class AutoArchive(StrEnum):
    """What XNAT does with a session that has received nothing for its quiet time."""

    AUTO = "auto"
    MANUAL = "manual"
    PROJECT_DEFAULT = "project-default"
    NEVER = "never"


class Because(Struct, frozen=True):
    """The rule that decided the label of each level, in words."""

    project: str
    subject: str
    session: str


class Forecast(Struct, frozen=True):
    """Where XNAT will file one instance, and by which rules.

    `refused` is why it will not take it, `unknown` why neither can be told: the destination means
    nothing with either.

    `notes` are codes of problems that the plan must warn of: what a label depends on, or a text in
    the header that a person would read and XNAT does not. `originals` are the texts of the subject
    and session labels before XNAT cleaned them.
    """

    destination: Destination
    because: Because
    auto_archive: AutoArchive
    refused: str | None = None
    notes: tuple[str, ...] = ()
    originals: tuple[str | None, str | None] = (None, None)
    unknown: str | None = None


class Stored(Struct, frozen=True):
    """The receiver answered that it has the instance; `receipt` is its answer.

    `warned` says that the answer is a warning: it has changed or discarded something. Reports count
    and name these.
    """

    receipt: str
    warned: bool = False


class Excluded(Struct, frozen=True):
    """The recipe leaves the instance out on purpose."""

    reason: str


class MissingKey(Struct, frozen=True):
    """A key that a table lacks; `columns` are its key column and those that a row of it needs."""

    table: str
    columns: tuple[str, ...]
    key: str


class Rejected(Struct, frozen=True):
    """A rule holds the instance back: it is damaged, cannot be identified, or is in conflict.

    A transform may give a stable `code`, by which reports count; without one it is `rejected`.
    Where a table lacks a row for the instance, `missing` says which: `plan` lists it with its
    patients in `missing.csv`. The key stands nowhere else, because it may be a patient's.
    """

    reason: str
    code: str = ""
    missing: MissingKey | None = None


class Failed(Struct, frozen=True):
    """An accident kept the instance from being stored; `retryable` says that a new run may help."""

    reason: str
    retryable: bool


Outcome = Stored | Excluded | Rejected | Failed
