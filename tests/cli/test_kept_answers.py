"""What a PACS answered is kept: the next plan asks only for what is new, at the PACS's hours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support import servers
from support.cli import ferry
from support.lists import Lab, held, lab, rows, study
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted


def test_a_list_is_planned_by_three_questions_a_row_and_a_rerun_asks_none(tmp_path: Path) -> None:
    count = 60
    with lab(tmp_path, held(count), rows(range(1, count + 1))) as it:
        first = it.finds("plan", it.recipe)
        again = it.finds("plan", it.recipe)

    assert first == 3 * count
    assert again == 0


def test_the_next_month_s_rows_are_all_that_is_asked_for(tmp_path: Path) -> None:
    with lab(tmp_path, held(12), rows(range(1, 11))) as it:
        it.finds("plan", it.recipe)
        csv_source(tmp_path, rows(range(1, 13)))
        more = it.finds("plan", it.recipe)

    assert more == 3 * 2


def test_a_row_that_was_changed_is_asked_for_and_one_that_was_relabelled_is_not(
    tmp_path: Path,
) -> None:
    with lab(tmp_path, held(4), rows([1, 2, 3])) as it:
        it.finds("plan", it.recipe)
        csv_source(tmp_path, rows([1, 2, 4]).replace("S1,S1_MR", "S1,S1_OTHER"))
        more = it.finds("plan", it.recipe)

    assert more == 3


def test_runs_with_a_limit_ask_once(tmp_path: Path) -> None:
    with lab(tmp_path, held(4), rows([1, 2, 3, 4])) as it:
        first = it.finds("run", it.recipe, "--limit", "1")
        rest = [it.finds("run", it.recipe, "--limit", "1") for _ in range(3)]
        stored = len(it.xnat.files())

    assert (first, rest, stored) == (12, [0, 0, 0], 4)


@pytest.mark.parametrize(("hours", "asked"), [(0, 6), (0.000001, 6), (1, 0)])
def test_an_answer_is_valid_as_long_as_the_recipe_says(
    tmp_path: Path, hours: float, asked: int
) -> None:
    with lab(tmp_path, held(2), rows([1, 2]), keep_answers=hours) as it:
        it.finds("plan", it.recipe)
        again = it.finds("plan", it.recipe)

    assert again == asked


def test_a_plan_tells_that_answers_are_kept_from_before(tmp_path: Path) -> None:
    with lab(tmp_path, held(1), rows([1])) as it:
        first, again = ferry("plan", it.recipe), ferry("plan", it.recipe)

    assert "answers-kept" not in first.stdout
    assert "answers-kept" in again.stdout
    assert "3 answers to sources are kept" in again.stdout


def test_a_row_that_found_nothing_is_asked_for_again(tmp_path: Path) -> None:
    instances = held(1)
    with lab(tmp_path, instances, rows([1, 2])) as it:
        before = ferry("plan", it.recipe)
        instances.append(study(2))
        asked = it.finds("plan", it.recipe)

    assert before.returncode == 1, before.stdout
    assert asked == 3


def test_a_study_of_which_an_instance_never_came_is_asked_for_again(tmp_path: Path) -> None:
    instances = [study(1), study(1, 2), study(2)]
    with lab(tmp_path, instances, rows([1, 2])) as it:
        it.finds("plan", it.recipe)
        instances.pop(1)  # it is gone when it is to be retrieved
        lost = ferry("run", it.recipe)
        asked = it.finds("run", it.recipe)

    assert lost.returncode == 1, lost.stdout
    assert asked == 3


def test_what_was_listed_short_is_asked_for_again(tmp_path: Path) -> None:
    script = Script(pretends={"NumberOfSeriesRelatedInstances": "2"})
    instances = [study(1)]
    with lab(tmp_path, instances, rows([1]), script) as it:
        short = ferry("plan", it.recipe)
        instances.append(study(1, 2))
        asked = it.finds("plan", it.recipe)

    assert short.returncode == 1, short.stdout
    assert asked == 3


def test_a_list_goes_on_where_the_pacs_left_off_within_it(tmp_path: Path) -> None:
    gone = {"after": 4}

    def before_find(event: Any) -> int | None:
        gone["after"] -= 1
        if gone["after"] < 0:
            event.assoc.abort()
            return 0xC000
        return None

    with lab(tmp_path, held(4), rows([1, 2, 3, 4]), Script(before_find=before_find)) as it:
        cut = ferry("plan", it.recipe)
        gone["after"] = 1000
        asked = it.finds("plan", it.recipe)

    assert cut.returncode != 0
    assert asked == 12 - 4


def test_another_pacs_under_the_same_name_is_asked_for_everything(tmp_path: Path) -> None:
    with lab(tmp_path, held(1), rows([1])) as it:
        it.finds("plan", it.recipe)
        with scripted(held(1), Script()) as other:
            text = it.recipe.read_text().replace(f"port: {it.pacs.port}", f"port: {other.port}")
            it.recipe.write_text(text)
            assert ferry("plan", it.recipe).returncode == 0
            assert other.finds == 3


def test_outside_its_hours_a_pacs_is_asked_nothing_that_is_not_kept(tmp_path: Path) -> None:
    with lab(tmp_path, held(2), rows([1]), hours={"all": "none"}) as it:
        closed = ferry("plan", it.recipe)
        nothing = it.pacs.finds
        now = it.finds("plan", it.recipe, "--now")
        kept = it.finds("plan", it.recipe)
        csv_source(tmp_path, rows([1, 2]))
        new = ferry("plan", it.recipe)

    assert (closed.returncode, new.returncode) == (2, 2)
    assert "outside the hours of clinic" in closed.stderr
    assert (nothing, now, kept) == (0, 3, 0)


def test_a_query_of_studies_is_asked_anew_and_only_what_it_has_more_is_looked_into(
    tmp_path: Path,
) -> None:
    instances = held(3)
    source = {"pacs-query": {"pacs": "clinic", "where": {"AccessionNumber": "A*"}}}
    with (
        scripted(instances, Script()) as pacs,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, pacs, xnat, source, retrieve="c-get")
        it = Lab(pacs, xnat, recipe)
        first = it.finds("plan", recipe)
        instances.append(study(4))
        second = it.finds("plan", recipe)

    assert (first, second) == (1 + 3 * 2, 1 + 2)
