"""A stand-in for an XNAT's C-STORE receiver, to rehearse against. It is not an XNAT."""

from __future__ import annotations

from dicomferry.xnat.receiver.faults import Faults
from dicomferry.xnat.receiver.receipts import Receipt
from dicomferry.xnat.receiver.standin import StandIn

__all__ = ["Faults", "Receipt", "StandIn"]
