"""The example of every built-in component is part of a valid recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry.contract import Importer
from dicomferry.host import Offer, Selection, load_plugins
from dicomferry.recipe.load import load_recipe
from dicomferry.recipe.starter import sections_of

PLUGINS = load_plugins(Selection())
COMPONENTS = PLUGINS.components
OFFERS = [
    offer for offer in PLUGINS.offers if offer.kind in ("source", "transform", "sink", "identifier")
]
AROUND = {
    "servers": "".join(kind.example for kind in COMPONENTS.server_kinds().values()),
    "sources": "  - folder: {path: a}\n",
    "sinks": '  - export: {path: b, layout: "{{ SOPInstanceUID }}.dcm"}\n',
}


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.component.name)
def test_an_example_is_part_of_a_valid_recipe(offer: Offer, tmp_path: Path) -> None:
    component = offer.component
    assert not isinstance(component, Importer)
    sections = {"params": ""} | AROUND | sections_of(component)
    if "project:" not in sections["params"]:
        sections["params"] += "  project: {default: P}\n"
    lines = "".join(f"{name}:\n{text}" for name, text in sections.items())
    recipe = tmp_path / "r.yaml"
    recipe.write_text(f"recipe: 1\nname: r\n{lines}")

    loaded = load_recipe(recipe, COMPONENTS, {})

    named = {step.component for step in loaded.steps}
    named |= {getattr(server, "identifier", "") for server in loaded.servers.values()}
    assert component.name in named
