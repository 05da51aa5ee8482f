"""A DICOMweb server in this process that answers as it is told to, truth or lies."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydicom import Dataset, dcmread

from support.certificates import Identity

_BELOW = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID",
          "instances": "SOPInstanceUID"}  # fmt: skip
_TOLD = (
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "StudyDate",
    "AccessionNumber", "StudyID", "StudyDescription", "PatientID", "PatientName",
    "PatientBirthDate", "Modality", "SeriesNumber", "SeriesDescription", "InstanceNumber",
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What is answered in place of the truth; `cut` hangs up in the middle of the body."""

    status: int
    body: bytes = b""
    fields: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class LyingWeb:
    """What the server has, and how it lies.

    `files` are whole Part 10 files by SOP Instance UID, `requests` what was asked as method and
    target, `stored` what came by STOW-RS, copies included. `reply` is asked first, with method and
    path: what it returns goes out in place of the truth. `rows` changes the rows of a level
    (`studies`, `series`, `instances`) before they are paged. `cap` is the most rows of a page.
    `parts` changes the files of a retrieval of more than one. `closing` says whether the closing
    boundary comes, `length` the Content-Length that is told, if any. `on_store` is asked
    what to answer for an instance that came, once it is kept.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)
    reply: Callable[[str, str], Reply | None] = lambda method, path: None
    rows: Callable[[str, list[dict[str, Any]]], list[dict[str, Any]]] = lambda level, found: found
    cap: int = 10_000
    heeds_offset: bool = True
    heeds_limit: bool = True
    warning: str = ""
    parts: Callable[[list[bytes]], list[bytes]] = list
    closing: Callable[[int], bool] = lambda parts: True
    length: Callable[[int], int | None] = lambda parts: None
    on_store: Callable[[Dataset], Reply | None] = lambda dataset: None
    port: int = 0
    scheme: str = "http"
    logins: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/dicom-web"

    def add(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self.keep(path.read_bytes())

    def keep(self, content: bytes) -> Dataset:
        dataset = dcmread(BytesIO(content), stop_before_pixels=True)
        self.files[str(dataset.SOPInstanceUID)] = content
        return dataset

    def asked(self, ending: str) -> list[str]:
        return [target for _, target in self.requests if urlsplit(target).path.endswith(ending)]


@contextmanager
def lying_web(tls: Identity | None = None, **ways: Any) -> Iterator[LyingWeb]:
    """Run one on a free port, by HTTPS where there is a certificate for it."""
    web = LyingWeb(scheme="https" if tls else "http", **ways)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(web))
    # Who asks may be killed, or does not trust us.
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.daemon_threads = True
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(web: LyingWeb) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = urlsplit(self.path).path.removeprefix("/dicom-web")
            web.requests.append(("GET", self.path))
            _, _, login = self.headers.get("Authorization", "").partition(" ")
            web.logins.append(b64decode(login).decode())
            if (reply := web.reply("GET", path)) is not None:
                self.answer(reply)
            elif path.endswith(("/studies", "/series", "/instances")):
                self.answer(_searched(web, self.path))
            else:
                self.retrieved(path)

        def do_OPTIONS(self) -> None:
            self.answer(web.reply("OPTIONS", self.path) or Reply(200))

        def do_POST(self) -> None:
            path = urlsplit(self.path).path.removeprefix("/dicom-web")
            web.requests.append(("POST", self.path))
            early = web.reply("POST", path)
            if early is not None and early.cut:
                self.rfile.read(100)
                self.connection.close()
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if early is not None:
                self.answer(early)
                return
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            message = BytesParser().parsebytes(head + body)
            kept = []
            for part in message.get_payload():
                content = part.get_payload(decode=True)
                web.stored.append(content)
                kept.append(web.keep(content))
            reply = web.on_store(kept[0])
            self.answer(reply or _all_stored(kept))

        def answer(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
            if reply.cut:
                self.close_connection = True

        def retrieved(self, path: str) -> None:
            uids = path.split("/")
            found = [
                content
                for content in web.files.values()
                if all(uid in _uids(content) for uid in uids[2::2])
            ]
            if not found:
                self.answer(Reply(404))
                return
            if "instances" not in uids:
                found = web.parts(found)
            boundary = "edge-of-the-part"
            self.send_response(200)
            kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
            self.send_header("Content-Type", kind)
            self.send_header("Connection", "close")
            if (length := web.length(len(found))) is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            for content in found:
                self.wfile.write(
                    f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
                )
                self.wfile.write(content + b"\r\n")
            if web.closing(len(found)):
                self.wfile.write(f"--{boundary}--\r\n".encode())
            self.close_connection = True

    return Handler


def _uids(content: bytes) -> set[str]:
    dataset = dcmread(BytesIO(content), stop_before_pixels=True)
    return {str(dataset[keyword].value) for keyword in _BELOW.values()}


def _searched(web: LyingWeb, target: str) -> Reply:
    parts = urlsplit(target)
    names = parts.path.removeprefix("/dicom-web/").split("/")
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    level = names[-1]
    wanted = {_BELOW[kind]: uid for kind, uid in zip(names[::2], names[1::2], strict=False)}
    keys = {k: v for k, v in asked.items() if k in _TOLD and "-" not in v and "*" not in v}
    found: dict[str, list[Dataset]] = {}
    for content in list(web.files.values()):
        dataset = dcmread(BytesIO(content), stop_before_pixels=True)
        if all(str(dataset.get(k, "")) == v for k, v in (wanted | keys).items()):
            found.setdefault(str(dataset[_BELOW[level]].value), []).append(dataset)
    rows = web.rows(level, [_row(level, datasets) for datasets in found.values()])
    start = int(asked.get("offset", 0)) if web.heeds_offset else 0
    limit = int(asked.get("limit", web.cap)) if web.heeds_limit else len(rows)
    page = rows[start : start + min(limit, web.cap)]
    fields = {"Content-Type": "application/dicom+json"}
    if web.warning:
        fields["Warning"] = web.warning
    return Reply(200, json.dumps(page).encode(), fields)


def _row(level: str, datasets: list[Dataset]) -> dict[str, Any]:
    row = Dataset()
    for keyword in _TOLD:
        if keyword in datasets[0]:
            row[keyword] = datasets[0][keyword]
    if level == "studies":
        row.ModalitiesInStudy = sorted({one.Modality for one in datasets})
        row.NumberOfStudyRelatedSeries = len({one.SeriesInstanceUID for one in datasets})
        row.NumberOfStudyRelatedInstances = len(datasets)
    if level == "series":
        row.NumberOfSeriesRelatedInstances = len(datasets)
    found: dict[str, Any] = row.to_json_dict()
    return found


def _all_stored(kept: list[Dataset]) -> Reply:
    answer = Dataset()
    answer.ReferencedSOPSequence = []
    for one in kept:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = (
            one.SOPClassUID,
            one.SOPInstanceUID,
        )
        answer.ReferencedSOPSequence.append(item)
    fields = {"Content-Type": "application/dicom+json"}
    return Reply(200, json.dumps(answer.to_json_dict()).encode(), fields)
