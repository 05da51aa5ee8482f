"""Say how a user mends a session that has not landed, as a command where one does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dicomferry.engine.verify.verdict import HoldingPlace, Standing
from dicomferry.ledger.reading.expected import ExpectedInstance
from dicomferry.model import Destination
from dicomferry.xnat.filing.conflicts import Conflict, conflicts_in
from dicomferry.xnat.rest.client import segment

_REMEDIES: Final = {
    Conflict.STUDY: "the label has another StudyInstanceUID in XNAT: choose another label, or"
    " unify-uids",
    Conflict.SUBJECT: "the label belongs to another subject in XNAT: choose another label",
    Conflict.MODALITY: "the label belongs to another modality in XNAT: put {{ Modality }} into the"
    " label",
    Conflict.CONTENT: "XNAT holds other content under the same SOP Instance UID: find out which is"
    " right",
}
"""What a user must decide about the conflicts that no command mends."""


def mend(
    standing: Standing,
    recipe: str,
    url: str,
    home: Destination,
    places: Sequence[HoldingPlace],
    missing: Sequence[ExpectedInstance],
) -> str:
    """Return what a user should do about a session; empty when it has landed."""
    match standing:
        case Standing.LANDED:
            return ""
        case Standing.ELSEWHERE:
            return _astray(recipe, url, home, places)
        case Standing.WAITING:
            return _waiting(recipe, url, places)
        case Standing.UNKNOWN:
            return f"dicomferry verify {recipe}"
        case Standing.SHORT | Standing.EMPTY:
            if missing and all(instance.held for instance in missing):
                return "write the label by a transform, such as identify, then plan and run again"
            if any(not instance.stored for instance in missing):
                return f"dicomferry run {recipe}"
            again = f"dicomferry verify {recipe} --send-again; dicomferry run {recipe}"
            return f"{again}; if it is short again, dicomferry doctor {recipe} shows the filters"


def _astray(recipe: str, url: str, home: Destination, places: Sequence[HoldingPlace]) -> str:
    why = f"dicomferry doctor {recipe} compares the server's rules with the declared ones"
    for place in places:
        if place.source and home.project and place.destination.session == home.session:
            move = f"action=move&newProject={segment(home.project)}"
            return f"curl -n -X POST '{url}/data{place.source}?{move}'; {why}"
    return f"move or delete it in XNAT; {why}"


def _waiting(recipe: str, url: str, places: Sequence[HoldingPlace]) -> str:
    for place in places:
        for conflict in conflicts_in(place.message):
            if conflict in _REMEDIES:
                return _REMEDIES[conflict]
    for place in places:
        form = f"src={place.source}"
        if place.status == "READY":
            return f"curl -n -d '{form}' {url}/data/services/archive"
        if place.status == "CONFLICT":
            return f"curl -n -d '{form}' -d overwrite=append {url}/data/services/archive"
        if place.status == "ERROR":
            return f"curl -n -X POST '{url}/data{place.source}?action=build'"
    return f"dicomferry verify {recipe} --wait 10m"
