"""Every code of a problem there is: a plan with an error is never run, and never all is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry import Ferry, FerryError, Severity
from dicomferry.cli.views.plan_view import plan_code, plan_lines
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.plan.problems import known_codes, waive
from dicomferry.engine.plan.problems.kinds import problem
from dicomferry.reports.plan import Plan
from support.instances import make_instances

RECIPE = """\
recipe: 1
name: shelf
sources: [{folder: {path: data}}]
sinks: [{export: {path: out, layout: "{{ SOPInstanceUID }}.dcm"}}]
"""
ERRORS = sorted(code for code in known_codes() if problem(code, "").severity is Severity.ERROR)


def test_there_are_errors_to_try() -> None:
    assert len(ERRORS) > 10


def test_a_plan_with_an_error_sends_nothing_whatever_its_code(tmp_path: Path) -> None:
    make_instances(tmp_path / "data", 1)
    recipe = tmp_path / "shelf.yaml"
    recipe.write_text(RECIPE)
    with Ferry.open(recipe) as ferry:
        made = ferry.plan()
        for code in ERRORS:
            plan = Plan(Planned(made.planned.view, (problem(code, "so"),)), ferry.session)

            assert plan_code(plan) == 2, code
            assert "Everything is stored" not in "\n".join(plan_lines(plan))
            with pytest.raises(FerryError, match=r"nothing was sent: the plan has 1 error") as told:
                ferry.session.run(plan.planned, None)
            assert told.value.exit_code == 2

        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_that_is_allowed_stays_in_sight(code: str) -> None:
    (allowed,) = waive([problem(code, "so")], frozenset({code}))

    assert (allowed.severity, allowed.message) == (Severity.NOTE, "so [allowed]")
