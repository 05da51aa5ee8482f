"""A small PACS over a folder, for tests: C-ECHO, C-FIND, C-GET and C-MOVE (PS3.4 C)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from dicomferry.errors import FerryError

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.events import Event, EventHandlerType
    from pynetdicom.transport import ThreadedAssociationServer

_PENDING = 0xFF00
_CANCELED = 0xFE00
_UNABLE = 0xC000
_LEVELS = {
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
_SERVICES = (
    "1.2.840.10008.1.1",
    "1.2.840.10008.5.1.4.1.2.2.1",
    "1.2.840.10008.5.1.4.1.2.2.2",
    "1.2.840.10008.5.1.4.1.2.2.3",
)
"""Verification, and Study Root C-FIND, C-MOVE and C-GET (PS3.4 A.4, C.6.2)."""

_NOBODY: Mapping[str, tuple[str, int]] = MappingProxyType({})


class Pacs:
    """A context manager that listens and serves the files that `folder` holds at each request.

    `port` is 0 before it is entered. `destinations` are host and port by AE title, for C-MOVE.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ae_title: str = "PACS",
        destinations: Mapping[str, tuple[str, int]] = _NOBODY,
    ) -> None:
        self.folder = folder
        self.ae_title = ae_title
        self.host = "127.0.0.1"
        self.port = 0
        self._destinations = destinations
        self._server: ThreadedAssociationServer | None = None

    def __enter__(self) -> Self:
        from pynetdicom import evt

        handlers: list[EventHandlerType] = [
            (evt.EVT_C_ECHO, lambda _event: 0x0000),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_GET, self._get),
            (evt.EVT_C_MOVE, self._move),
        ]
        self._server = _application_entity(self.ae_title).start_server(
            (self.host, 0), block=False, evt_handlers=handlers
        )
        if self._server is None:
            raise FerryError("the PACS for tests cannot start")
        self.port = int(self._server.server_address[1])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.shutdown()

    def _find(self, event: Event) -> Iterator[tuple[int, Dataset | None]]:
        wanted = event.identifier
        unique = _LEVELS.get(wanted.get("QueryRetrieveLevel", ""))
        if unique is None:
            yield _UNABLE, None
            return
        answered: set[str] = set()
        for instance in self._matching(wanted):
            if event.is_cancelled:
                yield _CANCELED, None
                return
            if (uid := str(instance[unique].value)) not in answered:
                answered.add(uid)
                yield _PENDING, _answer(wanted, instance, self.ae_title)

    def _get(self, event: Event) -> Iterator[Any]:
        yield from _sub_operations(event, list(self._matching(event.identifier)))

    def _move(self, event: Event) -> Iterator[Any]:
        from pynetdicom import build_context

        destination = self._destinations.get(str(event.move_destination).strip())
        found = list(self._matching(event.identifier))
        if destination is None:
            yield None, None
            return
        pairs = {(one.SOPClassUID, one.file_meta.TransferSyntaxUID): None for one in found}
        contexts = [build_context(*pair) for pair in pairs] or [build_context(_SERVICES[0])]
        yield (*destination, {"contexts": contexts})
        yield from _sub_operations(event, found)

    def _matching(self, wanted: Dataset) -> Iterator[Dataset]:
        from pydicom import dcmread

        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                instance = dcmread(path)
                if _matches(wanted, instance):
                    yield instance


def _sub_operations(event: Event, found: list[Dataset]) -> Iterator[Any]:
    yield len(found)
    for instance in found:
        if event.is_cancelled:
            yield _CANCELED, None
            return
        yield _PENDING, instance


def _application_entity(ae_title: str) -> ApplicationEntity:
    from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts

    entity = AE(ae_title=ae_title)
    for uid in _SERVICES:
        entity.add_supported_context(uid)
    for context in AllStoragePresentationContexts:
        if context.abstract_syntax is not None:
            entity.add_supported_context(
                context.abstract_syntax, list(ALL_TRANSFER_SYNTAXES), scu_role=True, scp_role=True
            )
    return entity


def _matches(wanted: Dataset, instance: Dataset) -> bool:
    for element in wanted:
        if element.keyword in {"QueryRetrieveLevel", "SpecificCharacterSet", "ModalitiesInStudy"}:
            continue
        text = _text(element.value)
        if text and not _one_matches(text, _text(instance.get(element.keyword, "")), element.VR):
            return False
    return True


def _one_matches(wanted: str, found: str, vr: str) -> bool:
    """Match by list of UIDs, range or wildcard (PS3.4 C.2.2.2)."""
    if vr == "UI":
        return found in wanted.split("\\")
    if vr in {"DA", "TM"} and "-" in wanted:
        first, _, last = wanted.partition("-")
        return bool(found) and (not first or first <= found) and (not last or found <= last)
    return fnmatchcase(found.upper(), wanted.upper().replace("[", "[[]"))


def _answer(wanted: Dataset, instance: Dataset, ae_title: str) -> Dataset:
    from pydicom import Dataset

    answer = Dataset()
    answer.QueryRetrieveLevel = wanted.QueryRetrieveLevel
    answer.RetrieveAETitle = ae_title
    for element in wanted:
        if element.keyword in instance:
            answer[element.keyword] = instance[element.keyword]
        elif element.keyword == "ModalitiesInStudy":
            answer.ModalitiesInStudy = instance.get("Modality", "")
        elif element.keyword not in answer:
            setattr(answer, element.keyword, None)
    return answer


def _text(value: object) -> str:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return "" if value is None else str(value)
    if type(value).__name__ == "PersonName":
        return str(value)
    return "\\".join(str(one) for one in value)
