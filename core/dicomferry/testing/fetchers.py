"""What every fetcher promises."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dicomferry.contract.fetcher import Fetched, Fetcher, FetchOrder, Manners
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.retrieve.inbox import Slot, SpoolInbox
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.errors import FerryError
from dicomferry.model import InstanceRef, Location, RemoteInstance
from dicomferry.recipe.servers import hours_faults
from dicomferry.testing.contract import ContractError, require

_PLENTY = 1 << 40


def check_fetcher(
    fetcher: Fetcher, instances: Iterable[RemoteInstance], folder: Path
) -> list[Path]:
    """Raise `ContractError` unless a fetcher keeps its contract; return the files it fetched.

    `instances` are of one study, and the server has them all; the files go into `folder`. Fetched
    is what was ordered, each by the UIDs that its source told. A run that is to stop, an inbox
    without room, and an instance that the server has not got leave it missing, and end the fetching
    without an error.
    """
    wanted = tuple(instances)
    require(bool(wanted), "a contract cannot be checked without an instance")
    studies = {one.ref.study_instance_uid for one in wanted}
    require(len(studies) == 1, "an order is of one study")
    _check_manners(fetcher.manners)
    folder.mkdir(parents=True, exist_ok=True)
    _check_nothing(fetcher, wanted, folder, "the run is to stop", stopped=True)
    _check_nothing(fetcher, wanted, folder, "there is no room", room=0)
    _check_nothing(fetcher, (_stranger(wanted[0]),), folder, "the server has no such instance")
    inbox = _inbox(wanted, folder)
    fetched = _fetch(fetcher, wanted, inbox)
    missing = [str(one.location) for one in inbox.missing()]
    require(not missing, f"{', '.join(missing)} did not arrive: {fetched.why or inbox.why}")
    for one in wanted:
        _check_file(one, _file(folder, wanted, one))
    return [_file(folder, wanted, one) for one in wanted]


def _check_manners(manners: Manners) -> None:
    require(isinstance(manners, Manners), f"manners is {manners!r}")
    require(manners.lanes > 0, f"lanes is {manners.lanes}, not 1 or more")
    faults = [message for _, message in hours_faults(manners.hours)]
    require(not faults, "; ".join(faults))


def _check_nothing(
    fetcher: Fetcher, wanted: tuple[RemoteInstance, ...], folder: Path, why: str, *,
    room: int = _PLENTY, stopped: bool = False,
) -> None:  # fmt: skip
    inbox = _inbox(wanted, folder, room=room, stopped=stopped)
    try:
        _fetch(fetcher, wanted, inbox)
    except FerryError as error:
        raise ContractError(f"{why}, and fetch() raised {error.message}") from error
    require(len(inbox.missing()) == len(wanted), f"{why}, and yet something arrived")
    left = [path.name for path in folder.iterdir()]
    require(not left, f"{why}, and {', '.join(left)} was left behind")


def _fetch(fetcher: Fetcher, wanted: tuple[RemoteInstance, ...], inbox: SpoolInbox) -> Fetched:
    way = fetcher.manners.way
    order = FetchOrder(wanted[0].ref.study_instance_uid, wanted, frozenset(), way)
    fetched = fetcher.fetch(order, inbox)
    require(isinstance(fetched, Fetched), f"fetch() returned {fetched!r}: return a Fetched")
    return fetched


def _inbox(
    wanted: tuple[RemoteInstance, ...], folder: Path, *, room: int = _PLENTY, stopped: bool = False
) -> SpoolInbox:
    slots = {one.location: Slot(one, _file(folder, wanted, one)) for one in wanted}
    return SpoolInbox(folder, slots, room, Pace(), lambda: stopped)


def _file(folder: Path, wanted: tuple[RemoteInstance, ...], one: RemoteInstance) -> Path:
    return folder / f"{wanted.index(one) + 1:06}"


def _stranger(one: RemoteInstance) -> RemoteInstance:
    ref = InstanceRef(one.ref.study_instance_uid, one.ref.series_instance_uid, "2.25.42", "")
    key = f"{one.key}.2.25.42" if one.key else ""
    return RemoteInstance(one.fetcher, one.server, ref, one.attributes, key=key)


def _check_file(one: RemoteInstance, path: Path) -> None:
    location = Location(str(path))
    try:
        with open_instance(open_blob(location), location) as instance:
            found = instance.header.ref
    except FerryError as error:
        raise ContractError(error.message) from error
    wanted = one.ref
    same = (
        found.study_instance_uid == wanted.study_instance_uid
        and found.series_instance_uid == wanted.series_instance_uid
        and found.sop_instance_uid == wanted.sop_instance_uid
    )
    require(same, f"{one.location} was ordered, and {found.sop_instance_uid} has come")
