"""The plug-in host: what becomes of good, bad and hostile plug-ins."""

from __future__ import annotations

import pickle
import sys
import textwrap
from collections.abc import Callable
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path

import pytest

from dicomferry.errors import FerryError, ProblemsError
from dicomferry.host import GROUP, Plugins, PluginState, Selection, load_plugins
from dicomferry.model import Stored
from dicomferry.recipe.load import load_recipe

GOOD = """
    from dicomferry import Component, hookimpl
    import msgspec

    class Options(msgspec.Struct, frozen=True, kw_only=True):
        pass

    @hookimpl
    def dicomferry_sources():
        yield Component("{name}", "a source", Options, lambda options, context: None)
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Give a way to write a plug-in module; returns its entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def module(name: str, text: str, entry: str = "") -> EntryPoint:
        stem = f"{tmp_path.name.replace('-', '_')}_{name}"
        (tmp_path / f"{stem}.py").write_text(textwrap.dedent(text))
        return EntryPoint(entry or name, stem, GROUP)

    return module


def states(plugins: Plugins) -> dict[str, PluginState]:
    return {plugin.name: plugin.state for plugin in plugins.plugins}


def reason(plugins: Plugins, name: str) -> str:
    return next(p.reason for p in plugins.plugins if p.name == name)


def test_a_good_plugin_is_active_and_its_components_are_known(write) -> None:
    plugins = load_plugins(Selection(), [write("good", GOOD.format(name="shelf"))])

    assert states(plugins) == {"good": PluginState.ACTIVE}
    assert set(plugins.components.sources) == {"shelf"}


def test_a_plugin_that_cannot_be_imported_does_not_stop_the_others(write) -> None:
    found = [write("bad", "raise RuntimeError('no')"), write("good", GOOD.format(name="shelf"))]

    plugins = load_plugins(Selection(), found)

    assert states(plugins) == {"bad": PluginState.BROKEN, "good": PluginState.ACTIVE}
    assert "RuntimeError" in reason(plugins, "bad")


def test_a_blocked_plugin_is_not_even_imported(write, tmp_path: Path) -> None:
    text = f"import pathlib; pathlib.Path({str(tmp_path / 'seen')!r}).touch()"

    plugins = load_plugins(Selection(blocked=frozenset({"bad"})), [write("bad", text)])

    assert states(plugins) == {"bad": PluginState.BLOCKED}
    assert not (tmp_path / "seen").exists()


def test_plug_ins_sent_to_a_process_are_loaded_there_by_the_same_selection() -> None:
    plugins = load_plugins(Selection(blocked=frozenset({"export"})))

    there = pickle.loads(pickle.dumps(plugins))

    assert states(there) == states(plugins)
    assert states(there)["export"] is PluginState.BLOCKED
    assert set(there.components.sources) == set(plugins.components.sources)


def test_what_is_not_on_the_allow_list_is_blocked(write) -> None:
    found = [write("one", GOOD.format(name="a")), write("two", GOOD.format(name="b"))]

    plugins = load_plugins(Selection(allowed=frozenset({"one"})), found)

    assert states(plugins) == {"one": PluginState.ACTIVE, "two": PluginState.BLOCKED}


def test_a_misspelt_hook_is_refused_by_name(write) -> None:
    text = "from dicomferry import hookimpl\n@hookimpl\ndef dicomferry_outcomes(): pass\n"

    plugins = load_plugins(Selection(), [write("typo", text)])

    assert states(plugins) == {"typo": PluginState.REFUSED}
    assert "dicomferry_outcomes" in reason(plugins, "typo")


def test_a_misspelt_hook_does_not_spoil_the_plugins_after_it(write) -> None:
    text = "from dicomferry import hookimpl\n@hookimpl\ndef dicomferry_outcomes(): pass\n"

    plugins = load_plugins(
        Selection(), [write("a_typo", text), write("b_good", GOOD.format(name="shelf"))]
    )

    assert states(plugins) == {"a_typo": PluginState.REFUSED, "b_good": PluginState.ACTIVE}


def test_another_api_version_is_refused(write) -> None:
    plugins = load_plugins(Selection(), [write("old", "DICOMFERRY_API = 0\n")])

    assert states(plugins) == {"old": PluginState.REFUSED}
    assert "API version 0" in reason(plugins, "old")


def test_the_second_plugin_of_a_name_is_a_duplicate(write) -> None:
    found = [write("a", GOOD.format(name="a"), "same"), write("b", GOOD.format(name="b"), "same")]

    plugins = load_plugins(Selection(), found)

    assert [plugin.state for plugin in plugins.plugins] == [
        PluginState.ACTIVE,
        PluginState.DUPLICATE,
    ]


def test_two_components_of_one_name_stop_with_both_plugins_named(write) -> None:
    found = [write("one", GOOD.format(name="shelf")), write("two", GOOD.format(name="shelf"))]

    with pytest.raises(FerryError, match=r"shelf.*one and two"):
        load_plugins(Selection(), found)


def test_a_plugin_that_breaks_when_asked_for_components_is_broken(write) -> None:
    text = """
        from dicomferry import hookimpl

        @hookimpl
        def dicomferry_sinks():
            raise KeyError("x")
    """

    plugins = load_plugins(Selection(), [write("bad", text)])

    assert states(plugins) == {"bad": PluginState.BROKEN}


def test_an_observer_that_raises_does_not_stop_the_others(write, tmp_path: Path) -> None:
    bad = """
        from dicomferry import hookimpl

        @hookimpl
        def dicomferry_outcome(sink):
            raise KeyError("x")
    """
    good = f"""
        from dicomferry import hookimpl
        from pathlib import Path

        @hookimpl
        def dicomferry_outcome(sop_instance_uid):
            Path({str(tmp_path / "seen")!r}).write_text(sop_instance_uid)
    """
    plugins = load_plugins(Selection(), [write("bad", bad), write("good", good)])

    plugins.outcome("sink", "1.2.3", Stored("0x0000"))

    assert (tmp_path / "seen").read_text() == "1.2.3"


def test_the_first_plugin_that_knows_a_secret_answers(write) -> None:
    text = """
        from dicomferry import hookimpl

        @hookimpl
        def dicomferry_secret(scheme, reference):
            return "s3cret" if scheme == "vault" else None
    """
    plugins = load_plugins(Selection(), [write("vault", text)])

    assert plugins.secret("vault", "x") == "s3cret"
    assert plugins.secret("other", "x") is None


def test_a_kind_of_server_is_known_beside_an_xnat(write) -> None:
    text = """
        from dicomferry import ServerKind, hookimpl
        import msgspec

        class Web(msgspec.Struct, frozen=True, kw_only=True):
            url: str

        @hookimpl
        def dicomferry_servers():
            yield ServerKind("{name}", "a server", Web)
    """
    plugins = load_plugins(Selection(), [write("web", text.format(name="dicomweb"))])

    assert set(plugins.components.server_kinds()) == {"dicomweb", "xnat"}
    with pytest.raises(FerryError, match="called 'xnat': dicomferry itself and other"):
        load_plugins(Selection(), [write("other", text.format(name="xnat"))])


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], EntryPoint]:
    """Give a way to install a distribution whose plug-in needs the extra `review`."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def installed(requirement: str) -> EntryPoint:
        told = tmp_path / "clinic-1.0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: clinic\nVersion: 1.0\nProvides-Extra: review\n"
            f"Requires-Dist: click>=8\nRequires-Dist: {requirement}; extra == 'review'\n"
        )
        module = f"{tmp_path.name.replace('-', '_')}_clinic"
        (told / "entry_points.txt").write_text(f"[{GROUP}]\nshelf = {module} [review]\n")
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(GOOD.format(name="shelf")))
        (point,) = PathDistribution(told).entry_points
        return point

    return installed


def test_a_plugin_without_its_extra_says_what_installs_it(
    extra: Callable[[str], EntryPoint],
) -> None:
    plugins = load_plugins(Selection(), [extra("no-such-package-anywhere[all]>=2")])

    assert states(plugins) == {"shelf": PluginState.NOT_INSTALLED}
    assert reason(plugins, "shelf") == "pip install 'clinic[review]'"


def test_a_plugin_with_its_extra_is_active(extra: Callable[[str], EntryPoint]) -> None:
    plugins = load_plugins(Selection(), [extra("msgspec>=0.1")])

    assert states(plugins) == {"shelf": PluginState.ACTIVE}


def test_a_recipe_that_names_it_is_told_what_installs_it(
    extra: Callable[[str], EntryPoint], tmp_path: Path
) -> None:
    plugins = load_plugins(Selection(), [extra("no-such-package-anywhere")])
    recipe = tmp_path / "r.yaml"
    recipe.write_text("recipe: 1\nname: r\nsources:\n  - shelf: {}\nsinks: []\n")

    with pytest.raises(ProblemsError) as error:
        load_recipe(recipe, plugins.components, {})

    (told,) = (one for one in error.value.problems if one.code == "unknown-key")
    assert told.message == "the source 'shelf' is not installed"
    assert told.hint == "pip install 'clinic[review]'"


def test_to_know_that_an_extra_is_there_imports_nothing_of_it(
    extra: Callable[[str], EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "rich", raising=False)

    load_plugins(Selection(), [extra("rich>=1")])

    assert "rich" not in sys.modules


VERB = """
    import click
    from dicomferry import hookimpl

    @hookimpl
    def dicomferry_verbs():
        yield click.Command("{verb}")
"""


def test_a_verb_is_known_with_the_plugin_it_comes_from(write) -> None:
    plugins = load_plugins(Selection(), [write("tides", VERB.format(verb="tide"))])

    assert {name: verb.plugin for name, verb in plugins.verbs(["run"]).items()} == {"tide": "tides"}


def test_a_verb_that_dicomferry_has_is_refused_with_both_named(write) -> None:
    plugins = load_plugins(Selection(), [write("tides", VERB.format(verb="run"))])

    with pytest.raises(FerryError, match="a verb called 'run': dicomferry itself and tides"):
        plugins.verbs(["run"])


def test_two_plugins_with_one_verb_are_refused_with_both_named(write) -> None:
    points = [write(name, VERB.format(verb="tide")) for name in ("ebb", "flood")]

    with pytest.raises(FerryError, match="a verb called 'tide': ebb and flood"):
        load_plugins(Selection(), points).verbs([])


def test_a_plugin_that_breaks_when_asked_for_verbs_is_broken(write) -> None:
    text = VERB.replace("yield", "raise ValueError;").format(verb="tide")
    plugins = load_plugins(Selection(), [write("tides", text)])

    assert plugins.verbs([]) == {}
    assert states(plugins) == {"tides": PluginState.BROKEN}


STAND_IN = """
    from dicomferry import hookimpl
    from dicomferry.contract import StandInKind

    @hookimpl
    def dicomferry_stand_ins():
        yield StandInKind("xnat", "a stand-in", {opens})
"""


def test_a_stand_in_is_found_by_the_kind_of_server(write) -> None:
    plugins = load_plugins(Selection(), [write("quay", STAND_IN.format(opens="repr"))])

    assert plugins.stand_in_for("xnat").open is repr
    with pytest.raises(FerryError, match="stand-in for a server of the kind 'pacs'"):
        plugins.stand_in_for("pacs")


def test_two_stand_ins_for_one_kind_of_server_are_refused_with_both_named(write) -> None:
    points = [write(name, STAND_IN.format(opens="repr")) for name in ("pier", "quay")]

    with pytest.raises(FerryError, match="a stand-in called 'xnat': pier and quay"):
        load_plugins(Selection(), points)
