"""Which SOP instance a file is: by catalog, by name, by header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.model import Location
from dicomferry.xnat.filing.scans import uid_hash
from dicomferry.xnat.reading.generation import Generation
from dicomferry.xnat.reading.reader import reader_of
from dicomferry.xnat.rest import HeldFile, RestClient, RestError, RestSite
from dicomferry.xnat.rest.files import catalog_entries, read_uid
from dicomferry_plugins._stand_in.site.files import file_name
from support.fake_xnat_rest import Asked, FakeXnat, Says, fake_xnat
from support.instances import make_instances

CATALOG = b"""<?xml version="1.0" encoding="UTF-8"?>
<cat:DCMCatalog UID="1.2.3" xmlns:cat="http://nrg.wustl.edu/catalog"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <cat:entries>
    <cat:entry ID="a" UID="1.2.3.4" URI="a.dcm" instanceNumber="1" xsi:type="cat:dcmEntry"/>
    <cat:entry URI="notes.txt"/>
  </cat:entries>
</cat:DCMCatalog>
"""


@pytest.fixture
def fake() -> Iterator[FakeXnat]:
    with fake_xnat() as server:
        yield server


def test_a_catalog_names_the_instances() -> None:
    assert list(catalog_entries(CATALOG, "")) == [("a.dcm", "1.2.3.4"), ("notes.txt", "")]


@pytest.mark.parametrize(
    "text",
    [
        b"<html><body>Login</body></html>",
        b"not XML",
        CATALOG[:200],
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><cat:DCMCatalog xmlns:cat="x">&a;</cat:DCMCatalog>',
    ],
)
def test_what_is_no_catalog_is_an_error(text: bytes) -> None:
    with pytest.raises(RestError):
        list(catalog_entries(text, "/data/x"))


def test_the_name_ends_in_the_hash_of_the_instance(tmp_path: Path) -> None:
    (path,) = make_instances(tmp_path, 1)
    with open_instance(open_blob(Location(str(path))), Location(str(path))) as instance:
        ref, name = instance.header.ref, file_name(instance.header, reader_of(Generation.XNAT_1_10))

    assert HeldFile("1", name, "").uid_hash == uid_hash(ref.sop_class_uid, ref.sop_instance_uid)


def test_a_name_of_another_kind_has_no_hash() -> None:
    assert HeldFile("1", "IM000001", "").uid_hash == ""


@pytest.mark.parametrize("ranges", [True, False])
def test_the_header_says_which_instance_a_file_is(
    tmp_path: Path, fake: FakeXnat, ranges: bool
) -> None:
    (path,) = make_instances(tmp_path, 1, rows=256)
    content = path.read_bytes()
    assert len(content) > 1 << 16

    def serve(asked: Asked) -> Says:
        last = int(asked.headers["range"].rpartition("-")[2]) if "range" in asked.headers else 0
        return Says(206, content[: last + 1]) if ranges and last else Says(200, content)

    fake.routes["/data/file"] = serve
    with RestClient(RestSite(fake.url, "a:b")) as client:
        uid = read_uid(client, HeldFile("1", "x", "/data/file"))

    assert uid.startswith("2.25.3")


def test_a_file_that_is_no_instance_has_no_uid(fake: FakeXnat) -> None:
    fake.routes["/data/file"] = Says(200, b"hello")

    with RestClient(RestSite(fake.url, "a:b")) as client:
        assert read_uid(client, HeldFile("1", "x", "/data/file")) == ""
