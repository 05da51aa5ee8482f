"""Send to a stand-in and ask it, as a stranger would: C-STORE by pynetdicom, REST by requests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE, evt
from pynetdicom.pdu import A_ASSOCIATE_RJ

from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.patience import PATIENCE
from support.scu import store_each

LOGIN = ("anybody", "secret")


class Rest:
    """The REST side of a stand-in."""

    def __init__(self, standin: XnatStandIn, session: requests.Session) -> None:
        self._root = standin.url
        self._session = session

    def ask(self, method: str, route: str, **how: Any) -> requests.Response:
        return self._session.request(
            method, self._root + route, timeout=PATIENCE, allow_redirects=False, **how
        )

    def get(self, route: str, **query: str) -> requests.Response:
        return self.ask("GET", route, params=query)

    def rows(self, route: str, **query: str) -> list[dict[str, str]]:
        answer = self.get(route, **query)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, str]] = answer.json()["ResultSet"]["Result"]
        return rows

    def upload(self, content: bytes, name: str = "upload.zip", **query: str) -> requests.Response:
        return self.ask(
            "POST", "/data/services/import", params=query, files={"file": (name, content)}
        )


@contextmanager
def rest_of(standin: XnatStandIn, login: tuple[str, str] | None = LOGIN) -> Iterator[Rest]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = login
        yield Rest(standin, session)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def rejection(
    port: int, *, calling: str = "SENDER", called: str = "XNAT"
) -> tuple[int, int, int] | None:
    """Try to associate; return the numbers of the rejection (PS3.8 9.3.4), None without one.

    pynetdicom's `is_rejected` may miss a rejection whose sender hangs up at once.
    """
    seen: list[tuple[int, int, int]] = []

    def note(event: evt.Event) -> None:
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            seen.append((event.pdu.result, event.pdu.source, event.pdu.reason_diagnostic))

    entity = AE(calling)
    entity.add_requested_context(MRImageStorage)
    association = entity.associate(
        "127.0.0.1", port, ae_title=called, evt_handlers=[(evt.EVT_PDU_RECV, note)]
    )
    if association.is_established:
        association.release()
    return seen[0] if seen else None


def store(standin: XnatStandIn, *datasets: Dataset, calling: str = "SENDER") -> list[int]:
    """Send data sets over one association and return the statuses; -1 where none came."""
    entity = AE(calling)
    entity.dimse_timeout = PATIENCE
    for sop_class in sorted({str(dataset.SOPClassUID) for dataset in datasets}):
        entity.add_requested_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    association = entity.associate(standin.host, standin.port, ae_title=standin.ae_title)
    assert association.is_established
    for dataset in datasets:
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    answers = store_each(association, datasets)
    association.release()
    return [int(answer.get("Status", -1)) for answer in answers]
