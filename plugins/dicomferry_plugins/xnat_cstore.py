"""Store instances in an XNAT by C-STORE, and call stored only what XNAT says it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Struct, field

from dicomferry import (
    Component,
    Consignment,
    Context,
    Failed,
    FerryError,
    Outcome,
    Parcel,
    Rejected,
    Sink,
    Stored,
    UnreadableError,
    hookimpl,
)
from dicomferry.dicom import odd_elements
from dicomferry.dimse import (
    AssociationLostError,
    AssociationRejectedError,
    Peer,
    StatusCategory,
    Syntaxes,
    UnreachableError,
    can_propose,
    discreet,
    store_status,
)
from dicomferry.options import ServerName, XnatServer
from dicomferry_plugins._resend import BackOff, Breaker, Trouble

if TYPE_CHECKING:
    from dicomferry_plugins._associations import Associations

_NO_WAY = (AssociationLostError, AssociationRejectedError, UnreachableError)
_XNAT_FAILURE = 0xC000
_MOST_AFTER_XNAT_FAILURE = 2
_MOST_AFTER_HANG = 1
_ODDITIES = 3
"""Odd elements that are named."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """C-STORE to the DICOM receiver of an XNAT among the recipe's servers."""

    removed: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"transport": "remove it: there is one transport"}
    )

    server: Annotated[ServerName, msgspec.Meta(description="an `xnat` of the recipe's servers")]
    retries: Annotated[
        int,
        msgspec.Meta(
            description="how often an instance is sent again when the receiver is out of"
            " resources or the association breaks",
            ge=0,
            le=20,
        ),
    ] = 4


class AssociationDelivery:
    """Stores one consignment's instances, one after another."""

    def __init__(self, sink: XnatCStore, associations: Associations) -> None:
        self._sink = sink
        self._associations = associations
        self._in_vain = 0

    def connect(self) -> None:
        """Associate; raises `FerryError` when there is no way to the receiver."""
        pair = self._associations.first()
        if self._sink.breaker.tripped:
            raise UnreachableError(self._sink.silent_words())
        tried = 0
        while True:
            try:
                if pair:
                    self._associations.to(pair)
            except _NO_WAY as error:
                tried += 1
                # A receiver never heard yet is more likely misspelt than restarting.
                heard = self._sink.breaker.has_answered
                heard = heard or isinstance(error, AssociationRejectedError)
                if not heard or tried > self._trouble(error).most:
                    self._sink.breaker.silence()
                    raise
                self._sink.back_off.wait(tried)
            else:
                return

    def store(self, parcel: Parcel) -> Outcome:
        """Send one instance, again where that may help; `Stored` only by XNAT's own word."""
        if self._sink.breaker.tripped:
            return Failed(self._sink.silent_words(), retryable=True)
        sent = 0
        while True:
            result = self._attempt(parcel)
            sent += 1
            if not isinstance(result, Trouble):
                self._in_vain = 0
                return result
            # What did not help the instances before will hardly help this one.
            if sent > result.most - self._in_vain:
                return self._give_up(result, sent, parcel)
            self._sink.back_off.wait(sent)

    def _give_up(self, trouble: Trouble, sent: int, parcel: Parcel) -> Failed:
        self._in_vain += 1
        if trouble.silent:
            self._sink.breaker.silence()
        times = f", tried {sent} times" if sent > 1 else ""
        odd = f"; {_what_is_odd(parcel)}" if trouble.broken and sent > 1 else ""
        return Failed(trouble.reason + times + odd, retryable=True)

    def _attempt(self, parcel: Parcel) -> Outcome | Trouble:
        """Send one instance once."""
        ref = parcel.ref
        pair = (ref.sop_class_uid, parcel.transfer_syntax_uid)
        if not can_propose(pair) or not ref.sop_instance_uid.isascii() or not ref.sop_instance_uid:
            return Rejected("its SOP class, SOP instance or transfer syntax UID is not a UID")
        try:
            association = self._associations.to(pair)
            if association is None:
                return Rejected(_refusal(pair))
            response = association.store(pair[0], ref.sop_instance_uid, pair[1], parcel.data_set())
        except _NO_WAY as error:
            return self._trouble(error)
        except UnreadableError as error:
            return Failed(f"reading the source: {error.message}", retryable=True)
        except FerryError as error:
            return Rejected(error.message)
        except OSError as error:
            return Failed(f"reading the source: {error.strerror or error}", retryable=True)
        self._sink.breaker.answered()
        return self._judge(response.status, discreet(response.error_comment, parcel.header.text))

    def _judge(self, code: int, comment: str) -> Outcome | Trouble:
        status = store_status(code)
        told = f"{status} from {self._sink.peer}" + (f": {comment}" if comment else "")
        match status.verdict:
            case StatusCategory.SUCCESS | StatusCategory.WARNING:
                return Stored(told, warned=status.verdict is StatusCategory.WARNING)
            case StatusCategory.RETRY:
                most = self._sink.retries
                if code == _XNAT_FAILURE:
                    most = min(most, _MOST_AFTER_XNAT_FAILURE)
                return Trouble(told, most)
            case StatusCategory.REFUSED:
                return Rejected(told)

    def _trouble(self, error: FerryError) -> Trouble:
        match error:
            case AssociationLostError(hung=True):
                most = min(_MOST_AFTER_HANG, self._sink.retries)
                return Trouble(error.message, most, silent=True)
            case AssociationLostError():
                return Trouble(error.message, self._sink.retries, broken=True)
            case AssociationRejectedError(transient=False):
                return Trouble(error.message, 0, silent=True)
            case _:
                return Trouble(error.message, self._sink.retries, silent=True)


class XnatCStore(Struct):
    """Sends to `peer`; its breaker is shared by everything this process sends there."""

    peer: Peer
    lanes: int
    receiver: str
    server: str
    retries: int = 4
    back_off: BackOff = field(default_factory=BackOff)
    breaker: Breaker = field(default_factory=Breaker)

    @contextmanager
    def open(self, consignment: Consignment) -> Iterator[AssociationDelivery]:
        """Associate, proposing what the consignment holds; raises `FerryError` without a way."""
        from dicomferry_plugins._associations import (
            Associations,
        )  # the transport: most verbs send nothing

        associations = Associations(self.peer, consignment.contexts)
        try:
            delivery = AssociationDelivery(self, associations)
            delivery.connect()
            yield delivery
        except BaseException:
            associations.abort()
            raise
        associations.release()

    def silent_words(self) -> str:
        """Say that nothing was tried, because the receiver fell silent before."""
        return f"not tried: {self.peer} did not answer for the instances before"


def _what_is_odd(parcel: Parcel) -> str:
    """Say what of an instance a receiver that aborts at it again and again may stumble over."""
    found = list(odd_elements(parcel.header))
    told = ", ".join(found[:_ODDITIES]) or "nothing odd was found in it"
    more = f" and {len(found) - _ODDITIES} more" if len(found) > _ODDITIES else ""
    return f"each time at instance {parcel.ref.sop_instance_uid}: {told}{more}"


def _refusal(pair: Syntaxes) -> str:
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    sop_class, transfer_syntax = (f"{UID(uid, IGNORE).name} ({uid})" for uid in pair)
    return f"the receiver does not take {sop_class} as {transfer_syntax}"


def _build(options: Options, context: Context) -> XnatCStore:
    dicom = context.server(options.server, XnatServer).dicom
    peer = context.peer(dicom)
    return XnatCStore(
        peer,
        lanes=dicom.associations,
        receiver=str(peer),
        server=options.server,
        retries=options.retries,
    )


_EXAMPLE = """\
params:
  project: {default: PROJECT, description: XNAT project ID}
transforms:
  - remap:                            # only what is named here is changed
      delete: [OtherPatientIDs]
  - identify:                         # what XNAT is to call it; a plan that differs
      project: "{{ params.project }}" # is refused before anything is sent
      subject: "{{ PatientID }}"
      session: "{{ PatientID }}_{{ Modality }}_{{ StudyDate }}"
  - unify-uids: {study: derive}       # one StudyInstanceUID for each session
sinks:
  - xnat-cstore: {server: xnat}
tests:
  - given: {PatientID: S01, PatientName: S01, Modality: MR, StudyDate: "20200131",
            OtherPatientIDs: "1"}
    expect:
      project: PROJECT
      subject: S01
      session: S01_MR_20200131
      tags: {OtherPatientIDs: ~}
"""


@hookimpl
def dicomferry_sinks() -> Iterable[Component[Options, Sink]]:
    """Offer the XNAT sink."""
    yield Component("xnat-cstore", "store in an XNAT by C-STORE", Options, _build, _EXAMPLE)
