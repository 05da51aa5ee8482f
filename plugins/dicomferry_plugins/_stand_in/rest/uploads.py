"""The files in a request's body: multipart, a zip, or one file."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from dicomferry_plugins._stand_in.rest.http import HttpRefusal, HttpRequest

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_FILE_NAME = re.compile(rb'filename="([^"]*)"')
_ZIP = b"PK\x03\x04"
_MOST_UNPACKED = 1 << 31
"""Bytes of all members of a zip together at most; `zipfile` reads no more than a member claims."""

Upload = tuple[str, bytes]
"""A file name from the client, and the file's content."""


def uploaded(request: HttpRequest) -> Upload:
    """Return the file of a request; XNAT takes exactly one."""
    content_type = request.headers.get("content-type", "")
    if not content_type.startswith("multipart/"):
        if not request.body:
            raise HttpRefusal(400, "No file was uploaded.")
        return request.query.get("filename", "upload"), request.body
    found = list(_parts(request.body, content_type))
    if not found:
        raise HttpRefusal(400, "No file was uploaded.")
    if len(found) > 1:
        raise HttpRefusal(400, "Importer is limited to one uploaded resource at a time.")
    return found[0]


def unpacked(upload: Upload) -> Iterator[Upload]:
    """Yield the members of a zip in the zip's order; any other file yields itself."""
    name, content = upload
    if not content.startswith(_ZIP):
        yield name, content
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_UNPACKED:
                raise HttpRefusal(413, "The zip unpacks to more than the stand-in takes.")
            for member in archive.infolist():
                if not member.is_dir():
                    yield member.filename.rpartition("/")[2], archive.read(member)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise HttpRefusal(400, f"Unable to read the zip: {type(error).__name__}") from error


def _parts(body: bytes, content_type: str) -> Iterator[Upload]:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise HttpRefusal(400, "Multipart without a boundary.")
    for part in body.split(b"--" + boundary[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = _FILE_NAME.search(head)
        if name is not None:
            yield name[1].decode("utf-8", "replace"), content.removesuffix(b"\r\n")
