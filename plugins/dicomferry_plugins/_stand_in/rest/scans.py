"""The routes of a session's scans, resources, files and catalogs, in archive and prearchive."""

from __future__ import annotations

from urllib.parse import quote
from zlib import crc32

from msgspec import Struct

from dicomferry.contract import SessionStatus
from dicomferry.xnat import scan_type
from dicomferry_plugins._stand_in.rest.catalog import catalog_xml
from dicomferry_plugins._stand_in.rest.http import (
    HttpAnswer,
    HttpRefusal,
    HttpRequest,
    Row,
    item,
    plain_json,
    result_set,
    xml,
)
from dicomferry_plugins._stand_in.site.sessions import Received, ReceivedSession, Scan
from dicomferry_plugins._stand_in.site.site import StandInSite

_RESOURCES = ("DICOM", "ALL", "*")


class AddressedSession(Struct, frozen=True):
    """A session and the URI that named it, without `/data`."""

    session: ReceivedSession
    uri: str


def scans_of(held: AddressedSession, request: HttpRequest) -> HttpAnswer:
    """List the scans."""
    return result_set((_scan_row(held, scan) for scan in _built(held.session)), request)


def scan_of(held: AddressedSession, scan_id: str, _request: HttpRequest) -> HttpAnswer:
    """Describe one scan."""
    (scan,) = _chosen(held.session, scan_id)
    return plain_json({"items": [scan_item(scan)]})


def scan_item(scan: Scan) -> dict[str, object]:
    """Return a scan as an item of its session."""
    first = next(iter(scan.files.values()))
    fields = {
        "ID": scan.id,
        "UID": scan.series_instance_uid,
        "modality": scan.modality,
        "series_description": first.series_description,
        "type": first.series_description,
        "frames": len(scan.files),
    }
    return item(scan_type(scan.modality), fields)


def resources_of(held: AddressedSession, scan_ids: str, request: HttpRequest) -> HttpAnswer:
    """List the resources of scans: each has one, DICOM."""
    rows = [_resource_row(scan) for scan in _chosen(held.session, scan_ids)]
    return result_set(rows, request)


def resource_of(
    held: AddressedSession, scan_id: str, resource: str, _request: HttpRequest
) -> HttpAnswer:
    """Return a resource's catalog, `cat:DCMCatalog`."""
    _is_dicom(resource)
    scans = _chosen(held.session, scan_id)
    if len(scans) != 1:
        raise HttpRefusal(404, "Unable to find the specified resource.")
    return xml(catalog_xml(scans[0]))


def files_of(
    held: AddressedSession, scan_ids: str, resource: str, request: HttpRequest
) -> HttpAnswer:
    """List the files of scans."""
    _is_dicom(resource)
    rows = [
        _file_row(held, scan, file)
        for scan in _chosen(held.session, scan_ids)
        for file in scan.files.values()
    ]
    return result_set(rows, request)


def file_of(
    site: StandInSite, held: AddressedSession, scan_id: str, resource: str, name: str
) -> HttpAnswer:
    """Return one stored file; a catalog also has a file name."""
    _is_dicom(resource)
    for scan in _chosen(held.session, scan_id):
        if name == f"scan_{scan.id}_catalog.xml":
            return xml(catalog_xml(scan))
        for file in scan.files.values():
            if file.file_name == name:
                content = site.read(file)
                if content is None:
                    raise HttpRefusal(404, "Unable to find file: the stand-in keeps no files.")
                return HttpAnswer(200, content, "application/dicom")
    raise HttpRefusal(404, "Unable to find file.")


def _built(session: ReceivedSession) -> list[Scan]:
    """Return the scans in order; a session has none before XNAT has built its XML."""
    if session.status in {SessionStatus.RECEIVING, SessionStatus.ERROR}:
        return []
    return sorted(session.scans.values(), key=lambda scan: scan.id)


def _chosen(session: ReceivedSession, scan_ids: str) -> list[Scan]:
    """Return the scans that a path names: one, several separated by commas, or `ALL`."""
    if scan_ids in {"ALL", "*"}:
        return _built(session)
    wanted = scan_ids.split(",")
    found = [scan for scan in _built(session) if scan.id in wanted]
    if not found:
        raise HttpRefusal(404, "Unable to find the specified scan.")
    return found


def _is_dicom(resource: str) -> None:
    if resource not in _RESOURCES:
        raise HttpRefusal(404, "Unable to find the specified resource.")


def _scan_row(held: AddressedSession, scan: Scan) -> Row:
    first = next(iter(scan.files.values()))
    return {
        "xnat_imagescandata_id": str(crc32(scan.series_instance_uid.encode())),
        "ID": scan.id,
        "type": first.series_description,
        "quality": "usable",
        "xsiType": scan_type(scan.modality),
        "note": "",
        "series_description": first.series_description,
        "UID": scan.series_instance_uid,
        "modality": scan.modality,
        "URI": f"/data{held.uri}/scans/{quote(scan.id)}",
    }


def _resource_row(scan: Scan) -> Row:
    return {
        "xnat_abstractresource_id": "DICOM",
        "label": "DICOM",
        "element_name": "xnat:resourceCatalog",
        "category": "scans",
        "cat_id": scan.id,
        "cat_desc": "",
        "file_count": str(len(scan.files)),
        "file_size": str(sum(file.size for file in scan.files.values())),
        "tags": "",
        "content": "RAW",
        "format": "DICOM",
    }


def _file_row(held: AddressedSession, scan: Scan, file: Received) -> Row:
    folder = f"/data{held.uri}/scans/{quote(scan.id)}/resources/DICOM/files"
    return {
        "Name": file.file_name,
        "Size": str(file.size),
        "URI": f"{folder}/{quote(file.file_name)}",
        "collection": "DICOM",
        "file_tags": "",
        "file_format": "DICOM",
        "file_content": "RAW",
        "cat_ID": scan.id,
        "digest": "",
    }
