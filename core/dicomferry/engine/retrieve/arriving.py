"""A retrieved file looked at: what its own header says of it."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec.structs import replace

from dicomferry.engine.pipeline.examine import examine
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.errors import FerryError
from dicomferry.ledger.delivering.arrival import Arrival
from dicomferry.ledger.rows import Item
from dicomferry.model import Location


def examine_arrival(steps: Steps, item: Item, file: Path, accepts: tuple[str, ...]) -> Arrival:
    """Return what is known of an item whose bytes are in `file`.

    `accepts` is that of its server's `Manners`. Raises `FerryError` where a transform stops the
    run.
    """
    assert item.remote is not None  # noqa: S101  only remote items are retrieved
    status = os.stat(file)  # noqa: PTH116
    here = replace(item, remote=replace(item.remote, spooled=Location(str(file)), accepts=accepts))
    try:
        examined = examine(here, steps, len(steps.transforms))
    except FerryError as error:
        raise FerryError(f"{item.location}: {error.message}", hint=error.hint) from error
    return Arrival(item.id, str(file), status.st_size, status.st_mtime_ns, examined)
