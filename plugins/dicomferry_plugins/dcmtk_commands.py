"""Make a recipe of a shell script that runs DCMTK's dcmodify, storescu or dcmsend."""

from __future__ import annotations

from collections.abc import Iterable

from dicomferry import hookimpl
from dicomferry.contract import Importer, Translation


def _translate(script: str, name: str) -> Translation | None:
    from dicomferry_plugins._commands.translate import translate  # only `init` ever needs it

    return translate(script, name)


@hookimpl
def dicomferry_importers() -> Iterable[Importer]:
    """Offer the importer of scripts."""
    yield Importer("dcmtk-commands", "dcmodify, storescu and dcmsend", _translate)
