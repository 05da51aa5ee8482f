"""Lists over a scripted PACS: made-up studies, rows that ask for them, and a receiver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from msgspec import Struct
from pydicom import Dataset, dcmread

from support import servers
from support.cli import ferry
from support.instances import image, part10
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, ScriptedPacs, scripted


def held(count: int) -> list[Dataset]:
    """Return `count` studies of one instance each."""
    return [study(number) for number in range(1, count + 1)]


def study(number: int, instance: int = 1) -> Dataset:
    uid = f"1.2.826.0.{number}"
    attributes = {
        "StudyInstanceUID": uid,
        "SeriesInstanceUID": f"{uid}.1",
        "SOPInstanceUID": f"{uid}.1.{instance}",
        "AccessionNumber": f"A{number:05}",
        "PatientID": f"P{number}",
        "PatientName": f"N^{number}",
    }
    return dcmread(BytesIO(part10(image(attributes))))


def rows(numbers: Iterable[int]) -> str:
    lines = [f"A{number:05},S{number},S{number}_MR\n" for number in numbers]
    return "Accession Number,Subject,Session\n" + "".join(lines)


class Lab(Struct):
    """A PACS, a receiver, and the recipe between them."""

    pacs: ScriptedPacs
    xnat: servers.StoreScp
    recipe: Path

    def finds(self, *args: str) -> int:
        """Plan or run, and return how many questions the PACS was asked."""
        before = self.pacs.finds
        result = ferry(*args)
        assert result.returncode == 0, result.stdout + result.stderr
        return self.pacs.finds - before


@contextmanager
def lab(
    folder: Path, instances: list[Dataset], text: str, script: Script | None = None, **server: Any
) -> Iterator[Lab]:
    with ExitStack() as stack:
        pacs = stack.enter_context(scripted(instances, script or Script()))
        xnat = stack.enter_context(servers.storescp(folder / "xnat", options=["--fork"]))
        source = csv_source(folder, text)
        yield Lab(pacs, xnat, pacs_recipe(folder, pacs, xnat, source, retrieve="c-get", **server))
