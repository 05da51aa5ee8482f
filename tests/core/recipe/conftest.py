"""A site's worth of components made up for the tests, and a way to load a recipe's text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec
import pytest

from dicomferry.contract.component import Component, ServerKind
from dicomferry.recipe.annotations import Attribute, AttributePattern, Regex, ServerName
from dicomferry.recipe.components import Components
from dicomferry.recipe.load import load_recipe
from dicomferry.recipe.recipe import Recipe
from dicomferry.template import Condition, Template
from dicomferry_plugins._pacs.server import PacsServer


class Disk(msgspec.Struct, kw_only=True, frozen=True):
    """Find instances on a disk."""

    path: str
    include: list[str] = []
    archives: bool = False


class Replacement(msgspec.Struct, kw_only=True, frozen=True, rename={"with_": "with"}):
    """A regular expression and what stands in for it."""

    pattern: Regex
    with_: str


class Change(msgspec.Struct, kw_only=True, frozen=True):
    """Change attributes."""

    set: dict[Attribute, Template] = {}
    delete: list[AttributePattern] = []
    replace: dict[Attribute, Replacement] = {}
    missing: Literal["reject", "keep"] = "reject"
    only: Condition | None = None
    fallback: Template | None = None


class Send(msgspec.Struct, kw_only=True, frozen=True):
    """Send instances."""

    removed: ClassVar[dict[str, str]] = {"pause": "remove it: nobody waits any more"}

    server: ServerName
    attempts: int = 4

    def faults(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """Say what does not go together."""
        if self.attempts > 10:
            yield ("attempts",), f"{self.attempts} attempts are too many"


class Rules(msgspec.Struct, kw_only=True, frozen=True):
    """Rules of a classic identifier."""

    projects: list[str] = []
    site: dict[str, list[str]] = {}

    def faults(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Say which rules are none."""
        for level, rules in self.site.items():
            for index, rule in enumerate(rules):
                if not rule.startswith("("):
                    yield ("site", level, index), f"'{rule}' is no rule"


class Routing(msgspec.Struct, kw_only=True, frozen=True):
    """Rules of another identifier."""

    routing: dict[str, str] = {}


def _component(name: str, options: type[Any]) -> Component[Any, Any]:
    return Component(name, f"The {name} of the tests.", options, lambda options, context: options)


@pytest.fixture(scope="session")
def components() -> Components:
    return Components(
        sources={"folder": _component("folder", Disk)},
        transforms={"remap": _component("remap", Change)},
        sinks={"xnat-cstore": _component("xnat-cstore", Send)},
        identifiers={
            "classic": _component("classic", Rules),
            "dqr": _component("dqr", Routing),
        },
        servers={"pacs": ServerKind("pacs", "A PACS of the tests.", PacsServer)},
    )


Load = Callable[..., Recipe]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, components: Components) -> Load:
    """Load a recipe from its text, as `recipe.yaml` of the working directory."""
    monkeypatch.chdir(tmp_path)

    def loaded(text: str, **overrides: str) -> Recipe:
        Path("recipe.yaml").write_text(text, encoding="utf-8")
        return load_recipe(Path("recipe.yaml"), components, overrides)

    return loaded
