"""Whatever a file holds, a person gets a recipe or problems with places, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings, strategies as st

from dicomferry.errors import ProblemsError
from dicomferry.model import Problem
from dicomferry.recipe.components import Components
from dicomferry.recipe.load import load_identification, load_recipe
from dicomferry.recipe.yaml.reading import parse_document

KEYS = st.sampled_from(
    ["recipe", "name", "params", "servers", "sources", "transforms", "sinks", "tests", "allow",
     "default", "x", "xnat", "pacs", "dicom", "host", "port", "tls", "rest", "identification",
     "identifier", "folder", "path", "remap", "set", "delete", "replace", "pattern", "with",
     "PatientID", "(0019,xx10)", "when", "id", "xnat-cstore", "server", "given", "expect"]
)  # fmt: skip
TEXTS = ["", "x", "dqr", "{{ PatientID }}", "{{ params.x }}", "{{ (", "${env:X}"]
SCALARS = st.sampled_from([None, True, 0, 1, 2, 1.5, *TEXTS])
INDICATORS = st.sampled_from("-:?[]{},&*!|>'\"%@` \n\tab01#~.")
TREES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4),
    max_leaves=25,
)
SECTIONS = st.sampled_from(
    ["name", "params", "servers", "sources", "transforms", "sinks", "tests", "allow"]
)
BASE: dict[str, Any] = {
    "recipe": 1,
    "name": "x",
    "params": {"x": {"default": "1"}},
    "servers": {"x": {"xnat": {"dicom": {"host": "h"}}}},
    "sources": [{"folder": {"path": "p"}}],
    "sinks": [{"xnat-cstore": {"server": "x"}}],
}


def problems_of(action: Callable[[], object]) -> Sequence[Problem]:
    """Return what is wrong with the input of an action; nothing where it succeeds."""
    try:
        action()
    except ProblemsError as error:
        return error.problems
    return ()


@given(st.text() | st.text(INDICATORS))
def test_any_text_is_a_document_or_a_placed_problem(text: str) -> None:
    problems = problems_of(lambda: parse_document(text, "recipe.yaml"))

    assert all(problem.place is not None for problem in problems)


@given(changes=st.dictionaries(SECTIONS, TREES, max_size=3))
@settings(max_examples=150)
def test_any_tree_is_a_recipe_or_placed_problems(
    changes: dict[str, Any], tmp_path: Path, components: Components
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({**BASE, **changes}), encoding="utf-8")

    problems = problems_of(lambda: load_recipe(path, components, {}))

    assert all(problem.place is not None for problem in problems)


@given(tree=TREES)
@settings(max_examples=150)
def test_any_tree_is_an_identification_or_placed_problems(
    tree: object, tmp_path: Path, components: Components
) -> None:
    path = tmp_path / "server.yaml"
    path.write_text(json.dumps({"identification": tree}), encoding="utf-8")

    problems = problems_of(lambda: load_identification(path, components))

    assert all(problem.place is not None for problem in problems)
