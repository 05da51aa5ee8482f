"""The C-FIND service class user, level by level (PS3.4 C.4.1, C.6.1, C.6.2)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from dicomferry import FerryError
from dicomferry.dicom import quietly
from dicomferry.dimse import AssociationLostError, Peer, discreet
from dicomferry_plugins._pacs.charset import assume_charset
from dicomferry_plugins._pacs.statuses import named_status, status_hint

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.association import Association

_PENDING = (0xFF00, 0xFF01)
_SUCCESS = 0x0000

Answer = Mapping[str, str]
"""One match: texts by keyword, several values joined by a backslash."""


class IncompleteAnswerError(FerryError):
    """A PACS that did not say, or did not say with success, that its answer was all."""


class TooManyAnswersError(FerryError):
    """More answers than anybody could have meant."""


class Level(Struct, frozen=True):
    """A level of the Study Root model, and its attributes that are asked for.

    `counts` are of what is below (PS3.4 C.3.4): they are compared, and are no part of a header.
    """

    name: str
    unique_key: str
    returned: tuple[str, ...]
    counts: tuple[str, ...] = ()


STUDY = Level(
    "STUDY", "StudyInstanceUID",
    ("StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription", "PatientName",
     "PatientID", "PatientBirthDate", "PatientSex", "ReferringPhysicianName", "ModalitiesInStudy"),
    counts=("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
)  # fmt: skip
SERIES = Level(
    "SERIES", "SeriesInstanceUID",
    ("Modality", "SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime",
     "BodyPartExamined", "ProtocolName", "Manufacturer", "ManufacturerModelName",
     "InstitutionName", "StationName"),
    counts=("NumberOfSeriesRelatedInstances",),
)  # fmt: skip
IMAGE = Level("IMAGE", "SOPInstanceUID", ("SOPClassUID", "InstanceNumber"))


class Finder(Protocol):
    """What can be asked for all matches at a level: an association, or one that stands."""

    def find(self, level: Level, keys: Mapping[str, str], most: int) -> list[dict[str, str]]:
        """Return all matches; raises as `Query.find`."""


class Query:
    """An open association to ask over; made by `open_query`."""

    def __init__(self, peer: Peer, association: Association, model: str) -> None:
        self._model = model
        self._patients: dict[str, str] = {}
        self._peer = peer
        self._association = association
        self._number = 0

    def find(self, level: Level, keys: Mapping[str, str], most: int) -> list[dict[str, str]]:
        """Return all matches, as the PACS sees it: nothing is filtered here.

        Raises `IncompleteAnswerError` for any final status but success, `TooManyAnswersError`
        for more than `most`, and `AssociationLostError`.
        """
        found: list[dict[str, str]] = []
        with closing(self._answers(level, keys)) as answers:
            for answer in answers:
                found.append(answer)
                if len(found) > most:
                    self._association.abort()
                    raise TooManyAnswersError(
                        f"{self._peer} has more than {most} answers at the level {level.name}",
                        hint="ask more narrowly, or raise most_studies",
                    )
        return found

    def first(self, level: Level, keys: Mapping[str, str]) -> dict[str, str]:
        """Return some one match, empty where there is none, and hear no more of them.

        Where there is one, the association is over. Raises as `find`.
        """
        with closing(self._answers(level, keys)) as answers:
            for answer in answers:
                self._association.abort()
                return answer
        return {}

    def _answers(
        self, level: Level, keys: Mapping[str, str]
    ) -> Generator[dict[str, str], None, None]:
        from dicomferry_plugins._pacs.scu import held, identifier, is_patient_root, status_of

        heard: list[Mapping[str, str]] = [keys]
        empty = dict.fromkeys((level.unique_key, *level.returned, *level.counts), "")
        if is_patient_root(self._model) and level is not STUDY:
            empty |= {"PatientID": self._patient_of(keys.get("StudyInstanceUID", ""))}
        asked = identifier(level.name, empty | dict(keys), self._peer.charset)
        self._number += 1
        with held(self._peer, self._association), quietly():
            for answer, dataset in self._association.send_c_find(
                asked, self._model, msg_id=self._number
            ):
                status = status_of(self._peer, answer)
                if status not in _PENDING:
                    comment = _discreetly(str(answer.get("ErrorComment", "")), heard)
                    self._judge(status, comment, some=len(heard) > 1)
                    return
                if dataset is None:
                    raise IncompleteAnswerError(f"{self._peer} sent an answer that is unreadable")
                assume_charset(dataset, self._peer.charset)
                heard.append(_texts(dataset))
                if level is STUDY:
                    uid = heard[-1].get("StudyInstanceUID", "")
                    self._patients[uid] = heard[-1].get("PatientID", "")
                yield dict(heard[-1])
        raise AssociationLostError(f"{self._peer} never ended its answer")

    def _patient_of(self, study: str) -> str:
        """Return the PatientID of a study, which a request by the Patient Root has to name."""
        if study and study not in self._patients:
            self.find(STUDY, {"StudyInstanceUID": study}, 1)
        return self._patients.get(study, "")

    def _judge(self, status: int, comment: str, *, some: bool) -> None:
        if status == _SUCCESS:
            return
        words = f": {comment}" if comment else ""
        if status == 0xFE00:
            words += " (its own limit of results, perhaps)"
        result = "it may be incomplete" if some else "it named nothing"
        raise IncompleteAnswerError(
            f"{self._peer} ended its answer with {named_status(status)}{words}; {result}",
            hint=status_hint(status),
        )


@contextmanager
def open_query(peer: Peer) -> Iterator[Query]:
    """Associate for C-FIND; raises as `open_association`."""
    from dicomferry_plugins._pacs.scu import FIND, associated, model_of, models

    with associated(peer, models(FIND)) as association:
        yield Query(peer, association, model_of(association, FIND) or FIND[0])


def _discreetly(comment: str, heard: Sequence[Mapping[str, str]]) -> str:
    return discreet(comment, lambda keyword: " ".join(one.get(keyword, "") for one in heard))


def _texts(dataset: Dataset) -> dict[str, str]:
    texts = {}
    for element in dataset:
        if element.keyword and element.VR not in ("SQ", "OB", "OW", "UN"):
            value = element.value
            several = value if element.VM > 1 else [value]
            texts[element.keyword] = "\\".join("" if v is None else str(v) for v in several)
    return texts
