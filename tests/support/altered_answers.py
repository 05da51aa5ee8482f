"""Answers of a scripted PACS that are other than they should be: values for `Script.alters`."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pydicom import Dataset

from support import pacs

Alter = Callable[[str, list[Dataset]], list[Dataset]]
STUDY, SERIES, IMAGE = "STUDY", "SERIES", "IMAGE"


def at(level: str, change: Callable[[list[Dataset]], list[Dataset]]) -> dict[str, Alter]:
    """Change the answers at one level."""
    return {"alters": lambda asked, found: change(found) if asked == level else found}


def each(level: str, **values: Any) -> dict[str, Alter]:
    """Answer other values at one level; None takes the element away."""
    return at(level, lambda found: [changed(one, **values) for one in found])


def first(level: str, **values: Any) -> dict[str, Alter]:
    """Answer other values for the first study alone."""
    return at(level, lambda found: [changed(o, **values) if of_first(o) else o for o in found])


def changed(dataset: Dataset, **values: Any) -> Dataset:
    copy = deepcopy(dataset)
    for keyword, value in values.items():
        if value is not None:
            setattr(copy, keyword, value)
        elif keyword in copy:
            delattr(copy, keyword)
    return copy


def of_first(dataset: Dataset) -> bool:
    return dataset.get("StudyInstanceUID", pacs.study_uid(1)) == pacs.study_uid(1)


def more(level: str, **values: Any) -> dict[str, Alter]:
    """Answer one more at a level: a copy of the first with other values."""
    return at(level, lambda found: [*found, changed(found[0], **values)] if found else found)


def without(level: str) -> dict[str, Alter]:
    """Answer nothing of the first study at a level."""
    return at(level, lambda found: [one for one in found if not of_first(one)])


def both(*ways: dict[str, Alter]) -> dict[str, Alter]:
    """Alter answers one way after another."""

    def alter(level: str, found: list[Dataset]) -> list[Dataset]:
        for way in ways:
            found = way["alters"](level, found)
        return found

    return {"alters": alter}


def numbers(level: str, keyword: str) -> dict[str, Alter]:
    """Tell how many instances there are: two of the first study, and one of the second."""

    def tell(one: Dataset) -> Dataset:
        number = "2" if one.get("StudyInstanceUID") == pacs.study_uid(1) else "1"
        return changed(one, **{keyword: number})

    return at(level, lambda found: [tell(one) for one in found])


STRAY_SERIES = more(SERIES, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4")
"""A series of another study beside those that were asked for."""
STRAY_IMAGE = more(IMAGE, SeriesInstanceUID="1.2.3", SOPInstanceUID="1.2.3.4")
