"""Recipes that carry studies from a PACS of the test to a receiver of the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from support.pacs import Pacs, study_uid

MOVER = "FERRYMOVE"
TWO_STUDIES = "Accession Number,Subject,Session\nA0001,S1,S1_MR\nA0002,S2,S2_MR\n"
"""A DQR file that relabels the first two studies of `pacs.study`."""


def pacs_recipe(
    folder: Path,
    pacs: Pacs,
    receiver: Pacs,
    source: dict[str, Any],
    *,
    routed: int = 0,
    **server: Any,
) -> Path:
    """Write a recipe; the first `routed` studies are routed to the project P."""
    address = {"host": pacs.host, "port": pacs.port, "ae_title": pacs.ae_title}
    routing = {study_uid(number): "P" for number in range(1, routed + 1)}
    recipe = {
        "recipe": 1,
        "name": "wanted",
        "servers": {
            "clinic": {"pacs": address | server},
            "xnat": {
                "xnat": {
                    "dicom": {
                        "host": receiver.host,
                        "port": receiver.port,
                        "ae_title": receiver.ae_title,
                    },
                    "identification": {
                        "identifier": "dqr",
                        "projects": ["P"],
                        "routing": routing,
                    },
                }
            },
        },
        "sources": [source],
        "sinks": [{"xnat-cstore": {"server": "xnat"}}],
    }
    path = folder / "wanted.yaml"
    with path.open("w") as file:
        YAML(typ="safe").dump(recipe, file)
    return path


def csv_source(folder: Path, text: str, **options: Any) -> dict[str, Any]:
    """Write a DQR file and return the source that reads it."""
    (folder / "wanted.csv").write_text(text)
    return {"csv-dqr": {"file": "wanted.csv", "pacs": "clinic", **options}}
