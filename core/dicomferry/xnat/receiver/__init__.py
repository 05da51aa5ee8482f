"""A stand-in for an XNAT: its C-STORE receiver and its REST side. It is not an XNAT."""

from __future__ import annotations

from dicomferry.xnat.receiver.site.faults import Faults
from dicomferry.xnat.receiver.site.filters import SeriesFilter
from dicomferry.xnat.receiver.site.receipts import Receipt
from dicomferry.xnat.receiver.site.settings import SiteSettings
from dicomferry.xnat.receiver.standin import StandIn

__all__ = ["Faults", "Receipt", "SeriesFilter", "SiteSettings", "StandIn"]
