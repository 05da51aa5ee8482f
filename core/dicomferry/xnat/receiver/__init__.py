"""A stand-in for an XNAT: a C-STORE receiver and a REST interface. It is not an XNAT.

- StandIn: both servers over one emulated site, started and stopped together.
- StandInSite (`site`): the emulated XNAT: identifier, settings, sessions and receipts.
- StorageScp (`dicom`): the DICOM server; it gives each instance to the site.
- RestServer (`rest`): the HTTP server; its routes read and change the site.
- Receipt: what the stand-in knows of one stored instance.
- Faults: the errors that the stand-in makes on purpose.

The engine's `rehearse`, the CLI and the test kit import the names of `__all__` only. `site` imports
neither `dicom` nor `rest`. This package imports `xnat.naming`, `xnat.filing`, `xnat.routing`,
`contract`, `dicom`, `model` and `errors`.
"""

from __future__ import annotations

from dicomferry.xnat.receiver.site.faults import Faults
from dicomferry.xnat.receiver.site.filters import SeriesFilter
from dicomferry.xnat.receiver.site.receipts import Receipt
from dicomferry.xnat.receiver.site.settings import SiteSettings
from dicomferry.xnat.receiver.standin import StandIn

__all__ = ["Faults", "Receipt", "SeriesFilter", "SiteSettings", "StandIn"]
