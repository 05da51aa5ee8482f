"""What plug-ins promise the engine, and what it gives them: Protocols and values, no behavior.

- Component: what a plug-in offers under a name: `options`, and `build` that makes a stage of them.
- Stage: a `Source`, a `Transform` or a `Sink`; each has its module, with what it is given.
- Context: what `build` may ask of the engine: paths, servers, secrets, and `Answers`.
- ServerKind: a kind of server that recipes may declare; a `DicomNode` is its DICOM side.
- Identifier: how an XNAT receiver names what arrives.
- Fetcher: brings instances that a source found on a server; it fills an `Inbox` by a `FetchOrder`.
- Executor: has `Task`s done by `Worker`s, in processes or wherever it likes.
- Importer: makes recipes of another tool's scripts.
- StandIn: files what arrives as a real server would; a `StandInKind` opens one by a `StandInOrder`.
- Tree: what a stand-in holds.
- PlanView: a plan as the checks of plug-ins see it.

`dicomferry.hookspecs` has the hooks that yield these. The engine calls them, plug-ins implement
them, `dicomferry.testing` tests them. This package imports `peer`, `dicom` and `model`.

This namespace is public for what fetchers, executors, importers and stand-ins need. The other
names are public elsewhere: in `dicomferry`, `Identifier` in `dicomferry.xnat`, `DicomNode` in
`dicomferry.dimse`. Each is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.contract.answers import Answers as Answers
    from dicomferry.contract.executor import (
        WINDOW as WINDOW,
        Done as Done,
        Executor as Executor,
        ExecutorFactory as ExecutorFactory,
        OpenWorker as OpenWorker,
        Said as Said,
        Task as Task,
        TaskT as TaskT,
        Worker as Worker,
    )
    from dicomferry.contract.fetcher import (
        BytesWriter as BytesWriter,
        Fetched as Fetched,
        Fetcher as Fetcher,
        FetchOrder as FetchOrder,
        Inbox as Inbox,
        Manners as Manners,
    )
    from dicomferry.contract.importer import Importer as Importer, Translation as Translation
    from dicomferry.contract.stand_in import (
        Faults as Faults,
        Receipt as Receipt,
        StandIn as StandIn,
        StandInKind as StandInKind,
        StandInOrder as StandInOrder,
    )
    from dicomferry.contract.tree import (
        ProjectNode as ProjectNode,
        ScanNode as ScanNode,
        SessionNode as SessionNode,
        SessionStatus as SessionStatus,
        SubjectNode as SubjectNode,
        Tree as Tree,
    )
else:
    __all__, __getattr__, __dir__ = lazily(__name__, {
        "contract.answers": ("Answers",),
        "contract.executor": (
            "Done", "Executor", "ExecutorFactory", "OpenWorker", "Said", "Task", "TaskT", "WINDOW",
            "Worker",
        ),
        "contract.fetcher": ("BytesWriter", "FetchOrder", "Fetched", "Fetcher", "Inbox", "Manners"),
        "contract.importer": ("Importer", "Translation"),
        "contract.stand_in": ("Faults", "Receipt", "StandIn", "StandInKind", "StandInOrder"),
        "contract.tree": (
            "ProjectNode", "ScanNode", "SessionNode", "SessionStatus", "SubjectNode", "Tree",
        ),
    })  # fmt: skip
