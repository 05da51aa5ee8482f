"""A ledger of an earlier version: the next run goes on from it and sends nothing again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from support import pacs, servers
from support.cli import ferry
from support.instances import make_instances
from support.old_ledgers import TABLES, rewrite_as
from support.pacs_recipes import TWO_STUDIES, csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

RecipeWriter = Callable[..., Path]


@pytest.mark.parametrize("version", list(TABLES))
def test_a_run_with_the_ledger_of_an_earlier_version_sends_nothing_again(
    tmp_path: Path, write_recipe: RecipeWriter, version: str
) -> None:
    make_instances(tmp_path / "data", 12, sessions=3)
    with servers.storescp(tmp_path / "in", options=["--fork"]) as receiver:
        recipe = write_recipe(receiver)
        assert ferry("run", recipe).returncode == 0
        first = receiver.files()
        rewrite_as(tmp_path / ".dicomferry" / "journey", version)
        *_, another = make_instances(tmp_path / "more", 13, sessions=3)
        another.rename(tmp_path / "data" / "another")

        status = ferry("status", recipe)
        result = ferry("run", recipe)

        assert status.returncode == 0, status.stderr
        assert "12 stored" in status.stdout
        assert result.returncode == 0, result.stdout + result.stderr
        assert len(first) == 12
        assert len(receiver.files()) == 13
    assert (tmp_path / ".dicomferry" / "journey" / f"ledger-v{version}.sqlite").is_file()


def test_what_an_earlier_version_had_retrieved_is_neither_retrieved_nor_sent_again(
    tmp_path: Path,
) -> None:
    held = [dcmread(path) for number in (1, 2) for path in pacs.study(tmp_path / "in", number)]
    with (
        scripted(held, Script()) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, TWO_STUDIES)
        recipe = pacs_recipe(tmp_path, server, xnat, source, routed=2, retrieve="c-get")
        first = ferry("run", recipe)
        assert first.returncode == 0, first.stdout + first.stderr
        sent, gets, arrived = list(server.sent), server.gets, xnat.files()
        rewrite_as(tmp_path / ".dicomferry" / "wanted", "2")

        result = ferry("run", recipe)

        assert result.returncode == 0, result.stdout + result.stderr
        assert len(arrived) == len(held)
        assert (server.sent, server.gets, xnat.files()) == (sent, gets, arrived)
