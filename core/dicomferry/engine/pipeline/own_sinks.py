"""The engine's own sinks, which a replay sends to: a folder of a fixed layout, or a receiver.

No plug-in offers them and no recipe can name them: their names hold blanks. A replay puts one in
the place of the recipe's sinks, and every worker process builds it as it builds those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from dicomferry.contract.component import AnyComponent, Component
from dicomferry.contract.context import Context
from dicomferry.contract.sink import Consignment, Parcel
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse import (
    ContextRefusedError,
    Peer,
    StatusCategory,
    StorageAssociation,
    Syntaxes,
    can_propose,
    open_association,
    plan_contexts,
    store_status,
)
from dicomferry.errors import FerryError
from dicomferry.model import Failed, Outcome, Rejected, Stored
from dicomferry.recipe.servers import XnatDicom
from dicomferry.xnat.labels import UNASSIGNED

TO_FOLDER: Final = "replay to a folder"
TO_RECEIVER: Final = "replay to a receiver"


class FolderOptions(Struct, frozen=True):
    """The folder that a replay fills."""

    root: str


class FolderSink(Struct, frozen=True):
    """Writes `project/subject/session/SOPInstanceUID.dcm` below `root`."""

    root: Path
    receiver: str
    server: str = ""
    lanes: int = 2

    @contextmanager
    def open(self, consignment: Consignment) -> Iterator[FolderFiling]:
        """Make the session's folder and yield a way into it; raises `FerryError` where it fails."""
        place = consignment.destination
        names = (place.project or UNASSIGNED, place.subject or "none", place.session)
        relative = "/".join(map(_file_name, names))
        try:
            (self.root / relative).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"{self.root / relative}: cannot be made: {error.strerror}"
            raise FerryError(message, hint="replay to another folder") from error
        yield FolderFiling(self.root, relative)


class FolderFiling(Struct, frozen=True):
    """Writes the instances of one session."""

    root: Path
    relative: str

    def store(self, parcel: Parcel) -> Outcome:
        """Write one file; `Stored` with its path below the root. No other file is written over."""
        relative = f"{self.relative}/{_file_name(parcel.ref.sop_instance_uid)}.dcm"
        target = self.root / relative
        try:
            content = parcel.file()
            if target.exists():
                if _holds(target, content):
                    return Stored(relative)
                return Rejected(f"{relative} is there already with other content")
            _write(target, content)
        except FerryError as error:
            return Rejected(error.message)
        except OSError as error:
            return Failed(f"{target}: {error.strerror}", retryable=True)
        return Stored(relative)


class ReceiverSink(Struct, frozen=True):
    """Sends to `peer` by C-STORE, each instance once: a replay proves, it does not persist."""

    peer: Peer
    receiver: str
    lanes: int
    server: str = ""

    @contextmanager
    def open(self, consignment: Consignment) -> Iterator[ReceiverFiling]:
        """Associate, proposing what the consignment holds; raises `FerryError` without a way."""
        filing = ReceiverFiling(self.peer, list(plan_contexts(consignment.contexts)), {})
        try:
            if consignment.contexts:
                filing.association_for(consignment.contexts[0])
            yield filing
        except BaseException:
            for association in filing.open.values():
                association.abort()
            raise
        for association in filing.open.values():
            association.release()


class ReceiverFiling(Struct, frozen=True):
    """Sends the instances of one session; `open` has an association for each group in use."""

    peer: Peer
    groups: list[tuple[Syntaxes, ...]]
    open: dict[tuple[Syntaxes, ...], StorageAssociation]

    def store(self, parcel: Parcel) -> Outcome:
        """Send one instance; `Stored` only by the receiver's own word."""
        ref, syntax = parcel.ref, parcel.transfer_syntax_uid
        try:
            association = self.association_for((ref.sop_class_uid, syntax))
            if association is None:
                return Rejected(f"{self.peer} does not take {ref.sop_class_uid} as {syntax}")
            response = association.store(
                ref.sop_class_uid, ref.sop_instance_uid, syntax, parcel.data_set()
            )
        except FerryError as error:
            return Failed(error.message, retryable=True)
        except OSError as error:
            return Failed(f"reading the source: {error.strerror or error}", retryable=True)
        status = store_status(response.status)
        told = f"{status} from {self.peer}"
        match status.verdict:
            case StatusCategory.SUCCESS | StatusCategory.WARNING:
                return Stored(told, warned=status.verdict is StatusCategory.WARNING)
            case StatusCategory.RETRY:
                return Failed(told, retryable=True)
            case StatusCategory.REFUSED:
                return Rejected(told)

    def association_for(self, pair: Syntaxes) -> StorageAssociation | None:
        """Return a live association that takes `pair`; None when the receiver refuses it."""
        if not can_propose(pair):
            return None
        group = next((group for group in self.groups if pair in group), (pair,))
        association = self.open.get(group)
        if association is None or not association.alive:
            try:
                association = open_association(self.peer, group)
            except ContextRefusedError:
                return None
            self.open[group] = association
        return association if pair in association.accepted else None


def _file_name(text: str) -> str:
    """Return text as one component of a path; different texts stay different."""
    name = quote(text, safe="", errors="surrogatepass")
    return name.replace(".", "%2E") if name in (".", "..") else name or "%"


def _write(target: Path, content: Spliced) -> None:
    try:
        with target.open("xb") as file:
            file.writelines(content.chunks())
    except FileExistsError:
        raise
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _holds(target: Path, content: Spliced) -> bool:
    if target.stat().st_size != content.length:
        return False
    with target.open("rb") as file:
        return all(file.read(len(chunk)) == chunk for chunk in content.chunks())


def _folder(options: FolderOptions, context: Context) -> FolderSink:
    root = context.path(options.root)
    return FolderSink(root, receiver=str(root))


def _receiver(options: XnatDicom, context: Context) -> ReceiverSink:
    peer = context.peer(options)
    return ReceiverSink(peer, receiver=str(peer), lanes=options.associations)


OWN_SINKS: Final[Mapping[str, AnyComponent]] = {
    TO_FOLDER: Component(TO_FOLDER, "files of a fixed layout", FolderOptions, _folder),
    TO_RECEIVER: Component(TO_RECEIVER, "any storage SCP", XnatDicom, _receiver),
}
