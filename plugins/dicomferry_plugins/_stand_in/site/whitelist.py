"""Who may send: the receiver's AE title rule and its whitelist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from dicomferry import FerryError

_AE_TITLE = re.compile(r"(?=[^\\]*[^\s\\]+$)(?=^[^\s\\]+[^\\]*)[ -~]{1,16}")


def check_ae_title(title: str) -> None:
    """Raise `FerryError` for a title XNAT would not save (its `DicomSCPManager`)."""
    if not _AE_TITLE.fullmatch(title):
        raise FerryError(
            f"'{title}' is no AE title to XNAT",
            hint="1 to 16 printable ASCII characters, no backslash, no blank at either end",
        )


def admits(entries: Iterable[str], ae_title: str, address: str) -> bool:
    """Say whether a sender is on a whitelist; its entries are `AE`, `IP/CIDR` and `AE@IP`."""
    return any(_admits(entry.strip(), ae_title, address) for entry in entries)


def _admits(entry: str, ae_title: str, address: str) -> bool:
    title, sign, place = entry.rpartition("@")
    if sign:
        return title == ae_title and _within(address, place)
    return entry == ae_title or _within(address, entry)


def _within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False
