"""What the check of one plug-in says of a plan."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from dicomferry.contract.plan import PlanView
from dicomferry.errors import FerryError
from dicomferry.model import Problem


class PlanCheck(Struct, frozen=True):
    """The problems that one plug-in finds in a plan; `failure` says why its check failed."""

    plugin: str
    problems: tuple[Problem, ...] = ()
    failure: str = ""


def ask_plan_check(implementation: Any, plan: PlanView) -> PlanCheck:
    """Call one plug-in's check; what it raises, and an answer of another type, is a failure."""
    name: str = implementation.plugin_name
    known = {"plan": plan} if "plan" in implementation.argnames else {}
    try:
        found = tuple(implementation.function(**known) or ())
    except FerryError as error:
        return PlanCheck(name, failure=error.message)
    except Exception as error:  # noqa: BLE001  a stranger's code; its message may name a patient
        return PlanCheck(name, failure=f"it raised {type(error).__name__}")
    for one in found:
        if not isinstance(one, Problem):
            return PlanCheck(name, failure=f"it answered {type(one).__name__}, not Problem")
    return PlanCheck(name, found)
