"""The values that one run gives a recipe's parameters, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from dicomferry.errors import FerryError
from dicomferry.template import suggestion

ENVIRONMENT_PREFIX: Final = "DICOMFERRY_PARAM_"


class ParamSettings(Mapping[str, str]):
    """Values of parameters by name; each has an origin, as text for messages."""

    def __init__(self, values: Mapping[str, str], origins: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._origins = dict(origins)

    @classmethod
    def of(cls, values: Mapping[str, str]) -> ParamSettings:
        """Return the values as settings, as if they came from `--set`."""
        if isinstance(values, ParamSettings):
            return values
        return cls(values, {name: f"--set {name}" for name in values})

    @classmethod
    def of_objects(cls, values: Mapping[str, object]) -> ParamSettings:
        """Return the values that a program gives, each as it would be written in a recipe.

        Raises `FerryError` for what is no text, number, truth value or path.
        """
        if isinstance(values, ParamSettings):
            return values
        origins = {name: f"params[{name!r}]" for name in values}
        return cls({n: _written(value, origins[n]) for n, value in values.items()}, origins)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> ParamSettings:
        """Return the values of the variables that begin with `DICOMFERRY_PARAM_`."""
        names = {
            variable.removeprefix(ENVIRONMENT_PREFIX): variable
            for variable in environment
            if variable.startswith(ENVIRONMENT_PREFIX)
        }
        values = {name: environment[variable] for name, variable in names.items()}
        return cls(values, {name: f"${variable}" for name, variable in names.items()})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def origin(self, name: str) -> str:
        """Return where a value comes from."""
        return self._origins[name]

    def over(self, weaker: ParamSettings) -> ParamSettings:
        """Return the settings of both; these win over the `weaker` ones."""
        return ParamSettings(
            {**weaker._values, **self._values}, {**weaker._origins, **self._origins}
        )

    def only(self, names: Mapping[str, object]) -> ParamSettings:
        """Return the settings of the parameters in `names`."""
        kept = [name for name in self._values if name in names]
        return ParamSettings(
            {n: self._values[n] for n in kept}, {n: self._origins[n] for n in kept}
        )

    def check(self, declared: Mapping[str, object]) -> None:
        """Raise `FerryError` for an undeclared parameter, and for a value that is a template."""
        for name, value in self._values.items():
            if name not in declared:
                known = f"it declares {', '.join(declared)}" if declared else "it declares none"
                raise FerryError(
                    f"{self._origins[name]}: the recipe declares no such parameter",
                    hint=suggestion(name, declared) or known,
                )
            if "{{" in value or "{%" in value:
                raise FerryError(
                    f"{self._origins[name]}: a parameter's value cannot be a template itself"
                )


def _written(value: object, origin: str) -> str:
    if not isinstance(value, str | int | float | Path):
        # Its text, as 'None', would be carried into labels.
        raise FerryError(
            f"{origin}: a parameter's value cannot be of the type {type(value).__name__}",
            hint="give text, a number, True, False or a path",
        )
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_settings(path: Path) -> ParamSettings:
    """Read a YAML file of `name: value`; raises `FerryError` with the place of the fault."""
    from dicomferry.recipe.yaml.reading import read_document

    root = read_document(path).root
    if not isinstance(root.value, Mapping) or root.keys is None:
        raise FerryError(f"{root.place}: parameters are written as name: value")
    values: dict[str, str] = {}
    for name, node in root.value.items():
        if node.source is None or node.value is None:
            raise FerryError(f"{node.place}: {name}: a parameter's value is text")
        values[name] = node.source
    return ParamSettings(values, {name: f"{root.keys[name]}: {name}" for name in values})
