"""Try two recipes on the same instances: on files, or on instances made up for both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from dicomferry.dicom.header import Header
from dicomferry.engine.trial.bench import Bench, header_of
from dicomferry.engine.trial.contrast import (
    Contrast,
    Named,
    SettingContrast,
    contrasts,
    given_in,
    settings,
)
from dicomferry.engine.trial.probes import probes
from dicomferry.errors import DamagedError, NotDicomError
from dicomferry.host import Plugins
from dicomferry.recipe.effective import Effective
from dicomferry.recipe.recipe import Recipe


class Candidate(Struct, frozen=True):
    """One of the two recipes, and its values in effect."""

    recipe: Recipe
    effective: Effective
    plugins: Plugins


def contrast(
    first: Candidate, second: Candidate, files: Iterable[Path] | None
) -> tuple[list[SettingContrast], list[Contrast], int]:
    """Return the settings that differ, the contrasts, and the number of instances tried.

    Without `files`, the instances are those of the recipes' own tests, and probes. A file that is
    no DICOM instance does not count.
    """
    headers = _made_up((first, second)) if files is None else _of_files(files)
    benches = [Bench(one.recipe, one.plugins) for one in (first, second)]
    found, compared = contrasts(benches[0], benches[1], headers)
    return list(settings(first.effective, second.effective)), found, compared


def _made_up(candidates: Sequence[Candidate]) -> Iterator[Named]:
    texts: list[str] = []
    for one in candidates:
        yield from given_in(one.recipe)
        for path, value in one.effective.values().items():
            texts += [str(key) for key in path if path[0] != "tests"]
            texts += [value] if isinstance(value, str) and path[0] != "tests" else []
    yield from probes(texts)


def _of_files(files: Iterable[Path]) -> Iterator[tuple[str, Header]]:
    for file in files:
        with suppress(NotDicomError, DamagedError), header_of(file) as header:
            yield str(file), header
