"""A compiled template, and the names of an instance that it can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from jinja2 import TemplateError as JinjaError
from jinja2.exceptions import TemplateRuntimeError, UndefinedError

from dicomferry.errors import MissingValueError, TemplateError
from dicomferry.template.vocabulary import DESTINATION_NAMES

if TYPE_CHECKING:
    from dicomferry.dicom.header import Header
    from dicomferry.dicom.tags import ElementPattern


class Names:
    """A mapping that a template reads by name only: `row.PatientID` or `row['Patient ID']`."""

    __slots__ = ("_values", "label")

    def __init__(self, label: str, values: Mapping[str, object]) -> None:
        self.label = label
        self._values = values

    def __getitem__(self, name: str) -> object:
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __str__(self) -> str:
        raise TemplateRuntimeError(f"{self.label} is a group of names: write {self.label}.NAME")


class Program:
    """A compiled template or condition, and the names that it reads."""

    __slots__ = ("_evaluate", "_missing_tag", "_tags", "names")

    def __init__(
        self,
        evaluate: Callable[[dict[str, object]], object],
        names: frozenset[str],
        tags: Mapping[str, ElementPattern],
        missing_tag: Callable[[str], object],
    ) -> None:
        self._evaluate = evaluate
        self.names = names
        self._tags = tags
        self._missing_tag = missing_tag

    def run(
        self, header: Header | None, params: Mapping[str, object], extra: Mapping[str, object]
    ) -> object:
        """Evaluate for one instance; raises `TemplateError`."""
        context = dict(self._context(header, params, extra))
        try:
            return self._evaluate(context)
        except UndefinedError as error:
            hint = "use default('') where it may be missing"
            raise MissingValueError(str(error.message), hint=hint) from error
        except JinjaError as error:
            raise TemplateError(f"the template cannot be used: {error.message}") from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # The exception's text may quote values of the instance.
            kind = type(error).__name__
            raise TemplateError(f"the template does not fit this instance ({kind})") from error
        except (MemoryError, RecursionError) as error:
            raise TemplateError("the template takes more memory than it may") from error

    def _context(
        self, header: Header | None, params: Mapping[str, object], extra: Mapping[str, object]
    ) -> Iterator[tuple[str, object]]:
        for name in self.names:
            if name == "params":
                yield name, Names(name, params)
            elif name in extra:
                yield name, extra[name]
            elif header is None or name in DESTINATION_NAMES:
                continue
            elif name == "path":
                yield name, Names(name, header.names)
            elif name == "row":
                yield name, Names(name, header.row)
            elif name == "tag":
                yield name, lambda text: self._tag(header, text)
            elif (value := header.value(name)) is not None:
                yield name, value

    def _tag(self, header: Header, text: str) -> object:
        for path in self._tags[text].matches(header):
            holder = header
            for sequence, item in zip(path[:-1:2], path[1::2], strict=False):
                holder = holder.items(sequence)[item]
            value = holder.value(path[-1])
            if value is not None:
                return value
        return self._missing_tag(text)
