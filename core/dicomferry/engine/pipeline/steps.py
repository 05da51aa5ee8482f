"""A recipe's components, built and in order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Final, Protocol, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry.contract.component import AnyComponent
from dicomferry.contract.identifier import Identifier
from dicomferry.contract.sink import Sink
from dicomferry.contract.source import Source
from dicomferry.contract.transform import Preparing, Reading, Transform
from dicomferry.dicom.header import Header
from dicomferry.dicom.shapes import Shapes
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.facts import FactsReader
from dicomferry.engine.pipeline.faults import ALLOWABLE
from dicomferry.engine.pipeline.memory import Memory
from dicomferry.engine.pipeline.references import KnownStudies
from dicomferry.engine.pipeline.watch import Limits, Watch
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.ledger.planning.chosen_labels import Labels
from dicomferry.ledger.planning.snapshot import SnapshotReader
from dicomferry.names import shown
from dicomferry.recipe.recipe import Recipe, Step
from dicomferry.recipe.secrets import sounds_secret
from dicomferry.recipe.servers import XnatServer
from dicomferry.template import Condition

BuiltT = TypeVar("BuiltT")

_PARAM: Final = re.compile(r"params(?:\.(\w+)|\[\s*\\?['\"]([^'\"\\]+))")
"""How a template reads a param: `params.NAME` or `params['NAME']`."""

NO_XNAT: Final = ""
"""Stands for the XNAT's name where no XNAT receives anything."""


class SourceStep(Struct, frozen=True):
    """A source of the recipe."""

    id: str
    path: str
    source: Source
    when: Condition | None


class Guard(Protocol):
    """Tells which instances a transform is for: a `Condition`, or one of the engine's own."""

    def holds(self, header: Header) -> bool:
        """Return whether the transform is to be asked."""


class TransformStep(Struct, frozen=True):
    """A transform of the recipe, or of the engine; `name` is what a person calls it."""

    path: str
    transform: Transform
    when: Guard | None
    name: str = ""


class SinkStep(Struct, frozen=True):
    """A sink of the recipe; `key` names it in the ledger: the step and the receiver behind it."""

    id: str
    path: str
    sink: Sink
    when: Condition | None

    @property
    def key(self) -> str:
        """Return the name of this sink and receiver in the ledger."""
        return shown(f"{self.id} -> {self.sink.receiver}")


class Steps(Struct, frozen=True):
    """Everything a recipe is made of, ready to be asked."""

    sources: tuple[SourceStep, ...]
    transforms: tuple[TransformStep, ...]
    sinks: tuple[SinkStep, ...]
    identifiers: tuple[tuple[str, Identifier], ...]
    """How each receiving XNAT identifies, by its name; one called `NO_XNAT` where none receives."""
    digest: str
    """Changes when the recipe, a plug-in's version, or a file that a transform reads changes."""
    memory: Memory | None = None
    """What is remembered of these transforms as they are prepared, for one number of them."""
    shapes: Shapes | None = None
    """How the files met by this process were laid out."""
    facts: FactsReader = field(default_factory=FactsReader)
    """What was read of the headers met by this process."""
    work: str = ""
    """Changes when what the transforms do to an instance changes."""
    labels: Labels = field(default_factory=dict)
    """What a chosen plan calls series."""
    allow: frozenset[str] = frozenset()
    """Codes of problems that the recipe waives."""
    studies: KnownStudies = field(default_factory=KnownStudies)
    """The studies of the plan, once a preparing transform has been shown them."""
    watch: Watch = field(default_factory=lambda: Watch(Limits()))
    """Told which item and which step the process is at; whoever owns the process starts it."""

    @property
    def has_xnat(self) -> bool:
        """Tell whether an XNAT receives anything."""
        return self.identifiers[0][0] != NO_XNAT

    @property
    def first_session_wins(self) -> bool:
        """Tell whether an XNAT keeps a study in the session of its first instance."""
        return any(name and identifier.first_session_wins for name, identifier in self.identifiers)

    @property
    def preparing(self) -> tuple[int, ...]:
        """Return the positions of transforms that must know the whole first."""
        return tuple(
            position
            for position, step in enumerate(self.transforms)
            if isinstance(step.transform, Preparing)
        )

    def prepare(self, folder: Path, upto: int) -> None:
        """Show the preparing transforms before position `upto` the snapshots in a state folder."""
        for position in self.preparing:
            transform = self.transforms[position].transform
            if position < upto and isinstance(transform, Preparing):
                snapshot = SnapshotReader(folder, position)
                transform.prepare(snapshot)
                here = (study.study_instance_uid for study in snapshot.studies())
                self.studies.learn(chain(here, snapshot.renamed_before()))


def build_steps(
    recipe: Recipe, plugins: Plugins, context: BuildContext | None = None,
    begun: Mapping[str, str] | None = None,
) -> Steps:  # fmt: skip
    """Build every component of a recipe; raises `FerryError` that names the step and its place.

    `begun` are the params that the ledger was begun with, as for `work_of`.
    """
    context = context or BuildContext(recipe, plugins)
    components = plugins.components
    sources = tuple(
        SourceStep(step.id, step.path,
                   _built(step, components.sources[step.component].build, context), step.when)
        for step in recipe.sources
    )  # fmt: skip
    transforms = tuple(
        TransformStep(step.path, _built(step, components.transforms[step.component].build, context),
                      step.when, step.component)
        for step in recipe.transforms
    )  # fmt: skip
    sinks = tuple(
        SinkStep(step.id, step.path,
                 _built(step, _sink(step.component, plugins).build, context), step.when)
        for step in recipe.sinks
    )  # fmt: skip
    identifiers = _identifiers(recipe, sinks, context)
    digest, work = _digest(recipe, plugins, transforms), work_of(recipe, transforms, begun)
    return Steps(sources, transforms, sinks, identifiers, digest, work=work, allow=recipe.allow)


def _sink(name: str, plugins: Plugins) -> AnyComponent:
    offered = plugins.components.sinks.get(name)
    if offered is not None:
        return offered
    # Only a replay needs them, and they load the storage transport.
    from dicomferry.engine.pipeline.own_sinks import OWN_SINKS

    return OWN_SINKS[name]


def only_servers(steps: Steps) -> Steps:
    """Return the stages without the sinks that no server is behind, for a rehearsal."""
    return replace(steps, sinks=tuple(sink for sink in steps.sinks if sink.sink.server))


def _built(
    step: Step, build: Callable[[object, BuildContext], BuiltT], context: BuildContext
) -> BuiltT:
    with named_step(step):
        return build(step.options, context)


@contextmanager
def named_step(step: Step) -> Iterator[None]:
    """Raise the errors of a recipe's step with its name and its place."""
    try:
        yield
    except FerryError as error:
        where = f"{step.place}: {step.path}.{step.component}"
        raise FerryError(f"{where}: {error.message}", hint=error.hint) from error


def _identifiers(
    recipe: Recipe, sinks: tuple[SinkStep, ...], context: BuildContext
) -> tuple[tuple[str, Identifier], ...]:
    # The XNATs that will receive. Where none does, labels still are what its one XNAT would call
    # them, or any XNAT; but nobody refuses them.
    names = sorted({sink.sink.server for sink in sinks if sink.sink.server})
    if names:
        return tuple((name, context.identifier(name)) for name in names)
    declared = [n for n, server in recipe.servers.items() if isinstance(server, XnatServer)]
    return ((NO_XNAT, context.identifier(declared[0] if declared else None)),)


def _digest(recipe: Recipe, plugins: Plugins, transforms: tuple[TransformStep, ...]) -> str:
    sha = hashlib.sha256(recipe.digest.encode())
    for plugin in plugins.plugins:
        sha.update(f"{plugin.name} {plugin.version} {plugin.state}\n".encode())
    # Other codes are asked for when a plan is judged, these when a file is examined.
    for code in sorted(recipe.allow & ALLOWABLE):
        sha.update(f"allow {code}\n".encode())
    return _with_inputs(sha.digest(), transforms)


def work_of(
    recipe: Recipe, transforms: tuple[TransformStep, ...], begun: Mapping[str, str] | None = None
) -> str:
    """Return what changes when what the transforms do to an instance changes.

    `begun` are the params that the ledger was begun with. They stand for those that no transform
    uses, so that another value of these, such as the name of the next list, changes nothing.
    """
    steps = [(step.component, step.options, step.when) for step in recipe.transforms]
    params = dict(recipe.params)
    if begun is not None:
        used = _used_params(repr(steps), recipe.params)
        params = {**begun, **{name: params[name] for name in used}}
    return _with_inputs(repr((steps, sorted(params.items()))).encode(), transforms)


def _used_params(text: str, params: Mapping[str, str]) -> set[str]:
    """Return the params that templates in a text read, and those whose value nobody may keep.

    Where a template may read any param, it is all of them.
    """
    names = {dotted or quoted for dotted, quoted in _PARAM.findall(text)}
    if len(_PARAM.findall(text)) < text.count("params"):
        return set(params)
    return {name for name in params if name in names or sounds_secret(name)}


def _with_inputs(start: bytes, transforms: tuple[TransformStep, ...]) -> str:
    sha = hashlib.sha256(start)
    for step in transforms:
        if isinstance(step.transform, Reading):
            for path in step.transform.inputs:
                sha.update(path.read_bytes())
    return sha.hexdigest()
