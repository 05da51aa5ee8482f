"""What a source found on a server comes out of the ledger as it went in."""

from __future__ import annotations

import pytest

from dicomferry.ledger.items import finding_row, item_of
from dicomferry.ledger.rows import Item
from dicomferry.model import InstanceRef, RemoteInstance

REF = InstanceRef("1.2", "1.2.3", "1.2.3.4", "1.2.840.10008.5.1.4.1.1.4")
TOLD = {"PatientID": "P7", "PatientName": "M\u00fcller"}


def kept(finding: RemoteInstance) -> Item:
    """Return the item of a finding's row."""
    columns = finding_row("s", 1, finding)
    remote = columns[-2]
    return item_of((1, *columns[:7], remote))


@pytest.mark.parametrize(
    "finding",
    [
        RemoteInstance("pacs", "old", REF, TOLD, {"PatientID": ""}, {"Project": "P"}),
        RemoteInstance(
            "store", "a:b", REF, TOLD, key="x/y/z/1", size=9, modified_ns=7, names={"key": "x"}
        ),
    ],
)
def test_a_remote_finding_is_kept_whole(finding: RemoteInstance) -> None:
    item = kept(finding)

    assert item.location == finding.location
    assert item.asked_for == finding


def test_an_instance_of_an_earlier_ledger_is_fetched_from_its_pacs() -> None:
    text = '{"attributes": {}, "relabel": {}, "server": "old", "sop_class": "1.2.840"}'
    row = (1, "s", b"pacs:old", b"1.2/1.2.3/1.2.3.4", 0, 0, "{}", "{}", text)

    asked_for = item_of(row).asked_for

    assert asked_for is not None
    assert (asked_for.fetcher, asked_for.server) == ("pacs", "old")
    assert asked_for.ref.sop_instance_uid == "1.2.3.4"
