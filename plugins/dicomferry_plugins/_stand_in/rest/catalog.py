"""XNAT's catalog of a scan: the file of each instance."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from dicomferry_plugins._stand_in.site.sessions import Scan

_NAMESPACES = (
    'xmlns:cat="http://nrg.wustl.edu/catalog"'
    ' xmlns:xnat="http://nrg.wustl.edu/xnat"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def catalog_xml(scan: Scan) -> str:
    """Return the `cat:DCMCatalog` of a scan.

    The attributes are those of XNAT's `CatalogAttributes` and `ImageEntryAttributes`: the
    catalog's `UID` is the SeriesInstanceUID, an entry's `UID` the SOPInstanceUID.
    """
    entries = "".join(
        f"<cat:entry URI={quoteattr(file.file_name)} ID={quoteattr(file.file_name)}"
        f" UID={quoteattr(file.ref.sop_instance_uid)}"
        ' format="DICOM" content="RAW" xsi:type="cat:dcmEntry"/>\n'
        for file in scan.files.values()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<cat:DCMCatalog UID={quoteattr(scan.series_instance_uid)} {_NAMESPACES}>\n"
        f"<cat:entries>\n{entries}</cat:entries>\n</cat:DCMCatalog>\n"
    )
