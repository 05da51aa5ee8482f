"""Servers of any kind are looked at by the plug-in that offers the kind."""

from __future__ import annotations

import textwrap
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from dicomferry.engine.doctor import examine_servers
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.host import GROUP, Selection, load_plugins
from dicomferry.model import CheckState
from dicomferry.recipe.load import load_recipe

PLUGIN = """
    import msgspec
    from dicomferry import Check, CheckState, Component, FerryError, ServerKind, hookimpl

    class Web(msgspec.Struct, frozen=True, kw_only=True):
        url: str

    class Nothing(msgspec.Struct, frozen=True):
        pass

    def check(name, server, context):
        yield Check(name, "web", CheckState.OK, server.url)
        if server.url == "away":
            raise FerryError("it is not there")
        if server.url == "bug":
            raise ValueError("a bug")

    @hookimpl
    def dicomferry_servers():
        yield ServerKind("web", "a server", Web, check)
        yield ServerKind("mute", "a server without a check", Nothing)

    @hookimpl
    def dicomferry_sources():
        yield Component("shelf", "a source", Nothing, lambda options, context: None)

    @hookimpl
    def dicomferry_sinks():
        yield Component("shelf", "a sink", Nothing, lambda options, context: None)
"""
RECIPE = """
recipe: 1
name: r
servers:
  here: {web: {url: here}}
  away: {web: {url: away}}
  odd: {web: {url: bug}}
  quiet: {mute: {}}
sources: [shelf: {}]
sinks: [shelf: {}]
"""


def test_a_plug_in_looks_at_the_servers_of_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "doctored.py").write_text(textwrap.dedent(PLUGIN))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    plugins = load_plugins(Selection(), [EntryPoint("doctored", "doctored", GROUP)])
    recipe = load_recipe(tmp_path / "recipe.yaml", plugins.components, {})

    found = examine_servers(recipe, BuildContext(recipe, plugins), tmp_path)

    states = {name: [] for name in recipe.servers}
    for check in found.checks[:-1]:
        states[check.server].append(check.state)
    assert states == {
        "here": [CheckState.OK],
        "away": [CheckState.OK, CheckState.FAILED],
        "odd": [CheckState.OK, CheckState.UNKNOWN],
        "quiet": [CheckState.UNKNOWN],
    }
