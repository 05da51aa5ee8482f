"""What the tests of the verbs share: recipes that point at a receiver of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
from ruamel.yaml import YAML

from support import pacs, servers

RecipeWriter = Callable[..., Path]


class Receiver(Protocol):
    """A receiver that a recipe can point at."""

    host: str
    port: int
    ae_title: str


TRANSFORMS = (
    {
        "remap": {
            "set": {"InstitutionName": "Memory Clinic", "StudyDescription": "P"},
            "delete": ["OtherPatientIDs", "(0019,xx10)"],
        }
    },
    {"identify": {"project": "P", "subject": "{{ PatientID }}",
                  "session": "{{ PatientID }}_{{ Modality }}"}},
    {"unify-uids": {}},
)  # fmt: skip


@pytest.fixture
def write_recipe(tmp_path: Path) -> RecipeWriter:
    """Write a recipe that carries `data` beside it to a receiver; return its path."""

    def write(
        receiver: Receiver | None = None,
        *,
        transforms: Sequence[Any] = TRANSFORMS,
        sinks: Sequence[Any] | None = None,
        source: dict[str, Any] | None = None,
        dicom: dict[str, Any] | None = None,
        **more: Any,
    ) -> Path:
        address = {
            "host": receiver.host if receiver else "127.0.0.1",
            "port": receiver.port if receiver else 9,
            "ae_title": receiver.ae_title if receiver else "XNAT",
        }
        recipe = {
            "recipe": 1,
            "name": "journey",
            "servers": {
                "xnat": {
                    "xnat": {
                        "dicom": address | (dicom or {}),
                        "identification": {"projects": ["P"]},
                    }
                }
            },
            "sources": [{"folder": {"path": "data"} | (source or {})}],
            "transforms": list(transforms),
            "sinks": list(sinks) if sinks is not None else [{"xnat-cstore": {"server": "xnat"}}],
        } | more
        path = tmp_path / "journey.yaml"
        with path.open("w") as file:
            YAML(typ="safe").dump(recipe, file)
        return path

    return write


@pytest.fixture
def clinic(tmp_path: Path, dcmtk: Callable[[str], str]) -> Iterator[servers.Dcmqrscp]:
    """Give a PACS with a study of two series and one of a single series."""
    dcmtk("dcmqrscp")
    pacs.study(tmp_path / "in", 1, series=2)
    pacs.study(tmp_path / "in", 2)
    with servers.dcmqrscp(tmp_path / "pacs") as server:
        pacs.fill(server, tmp_path / "in")
        yield server
