"""A plan in the making is not a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from dicomferry.engine.pipeline.steps import SourceStep, build_steps
from dicomferry.engine.plan.make import make_plan
from dicomferry.engine.workers.pool import Pool
from dicomferry.engine.workers.workbench import WorkerSpec
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError
from dicomferry.host import Selection, load_plugins
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.store import Ledger
from dicomferry.model import LocalFile, Location
from dicomferry.recipe.load import load_recipe
from support.instances import make_instances


class Unmounted(Struct):
    """A source that fails as soon as something it found was examined."""

    examined: Callable[[], bool]

    def discover(self) -> Iterator[LocalFile]:
        number = 0
        while not self.examined():
            number += 1
            yield LocalFile(Location(f"/nowhere/{number}"), 1, 1)
        raise FerryError("the disk is gone")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    make_instances(tmp_path / "data", 6)
    (tmp_path / "recipe.yaml").write_text(
        "recipe: 1\nname: r\nservers:\n  xnat:\n    xnat:\n"
        "      dicom: {host: 127.0.0.1, port: 9}\n"
        "sources:\n  - folder: {path: data}\nsinks:\n  - xnat-cstore: {server: xnat}\n"
    )
    plugins = load_plugins(Selection())
    recipe = load_recipe(tmp_path / "recipe.yaml", plugins.components, {})
    spec = WorkerSpec(recipe, plugins, tmp_path, servers_only=False)
    ledger = Ledger(tmp_path)
    yield Workshop(build_steps(recipe, plugins), ledger, spec, 2, lambda *_: None, Pool)
    ledger.close()


def test_a_plan_that_ended_halfway_is_not_taken_for_one(shop: Workshop) -> None:
    examined: list[int] = []

    def progress(what: str, done: int, _total: int | None) -> None:
        if what == "examined":
            examined.append(done)

    make_plan(shop)
    planned = PlanWriter(shop.ledger).planned
    unmounted = SourceStep("disk", "sources[1]", Unmounted(lambda: bool(examined)), None)
    sources = (*shop.steps.sources, unmounted)
    halfway = replace(shop, steps=replace(shop.steps, sources=sources), progress=progress)

    with pytest.raises(FerryError, match="the disk is gone"):
        make_plan(halfway)

    assert planned == shop.steps.digest
    assert PlanWriter(shop.ledger).planned == ""


def test_what_comes_first_is_examined_before_all_is_found(shop: Workshop) -> None:
    seen: list[str] = []

    def progress(what: str, _done: int, _total: int | None) -> None:
        seen.append(what)

    unmounted = SourceStep("disk", "sources[0]", Unmounted(lambda: "examined" in seen), None)
    with pytest.raises(FerryError, match="the disk is gone"):
        make_plan(replace(shop, steps=replace(shop.steps, sources=(unmounted,)), progress=progress))

    assert seen[0] == "found"
    assert seen[-1] == "examined"
