"""Delivering, as a worker does it: edit anew, compare with the plan, hand over to the sink."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from dicomferry.contract.sink import Delivery, Parcel, Pending, WritesDisk
from dicomferry.dicom.instance import open_instance
from dicomferry.engine.pipeline.described import relabelled, signed
from dicomferry.engine.pipeline.edit import Withheld, edit_and_forecast
from dicomferry.engine.pipeline.examine import unchanged
from dicomferry.engine.pipeline.spooled import is_as_it_came
from dicomferry.engine.pipeline.steps import SinkStep, Steps
from dicomferry.engine.pipeline.watch import Watch
from dicomferry.engine.provenance.witness import WatchedBlob, Witnessed, witness
from dicomferry.engine.workers.workbench import Workbench
from dicomferry.errors import FerryError, OverLimitError, UnreadableError
from dicomferry.ledger.delivering.deliveries import Load
from dicomferry.ledger.rows import Due
from dicomferry.log import log_bug
from dicomferry.model import Excluded, Failed, Outcome, Rejected, Stored

_NO_ITEM = -1
"""What a worker is at where it opens a delivery."""

_NOT_AS_PLANNED = "the file is not what was planned any more; run again to plan it anew"


class Changed(Struct, frozen=True):
    """The file is not what was planned: the next plan must examine it anew, whatever its time.

    A file can be replaced by one of the same size and time.
    """

    outcome: Failed | Rejected


_DAMAGED = Failed("what lies in the spool is not what came; run again to retrieve it anew", True)
_CHANGED = Changed(Failed(_NOT_AS_PLANNED, True))


class DeliverTask(Struct, frozen=True):
    """Bring a load to its sink."""

    load: Load
    durable: ClassVar[bool] = True

    def work(
        self, bench: Workbench, stopped: Callable[[], bool]
    ) -> Iterator[Outcome | Witnessed | Changed]:
        """Yield one outcome for each instance of the load, in order; some may be pending.

        Ends early when `stopped` says so: the rest stays due. Raises `FerryError` when the receiver
        cannot be reached at all, or when it does not keep what it was brought.
        """
        steps = bench.steps()
        sink_step = next(sink for sink in steps.sinks if sink.key == self.load.sink)
        try:
            with ExitStack() as opened:
                with _watched(steps.watch, sink_step, _NO_ITEM):
                    delivery = opened.enter_context(sink_step.sink.open(self.load.consignment))
                for due in self.load.dues:
                    if stopped():
                        return
                    yield _bring(steps, sink_step, due, delivery)
        except OSError as error:
            words = f"{sink_step.path}: {error.strerror or type(error).__name__}"
            raise FerryError(words, hint="mend that, then run again") from error
        except FerryError:
            raise
        except Exception as error:
            log_bug(error, f"{sink_step.path} raised")
            raise FerryError(
                f"{sink_step.path} raised {type(error).__name__}; see the log",
                hint="the plug-in raised it where it opens or closes a delivery",
            ) from error


def _bring(
    steps: Steps, sink_step: SinkStep, due: Due, delivery: Delivery
) -> Outcome | Witnessed | Changed:
    watch = steps.watch
    watch.begin(due.item.id)
    try:
        item = due.item
        if item.bytes_at != item.location and not is_as_it_came(Path(item.bytes_at.path)):
            return _DAMAGED
        if not unchanged(item):
            return _CHANGED
        blob = WatchedBlob(watch.open(item.bytes_at, item.id))
        with open_instance(blob, item.location, item.names, item.row, steps.shapes) as instance:
            planned = relabelled(instance.header, item, steps.labels)
            edited = edit_and_forecast(steps, planned, len(steps.transforms))
            if isinstance(edited, Withheld):
                return _CHANGED
            header, ref = edited.header, edited.header.ref
            digest = signed(edited.digest, item, steps.work)
            if digest != due.edits or ref != due.sent:
                return _CHANGED
            if sink_step.when is not None and not sink_step.when.holds(header):
                return Excluded(f"{sink_step.path}: the sink's when")
            parcel = Parcel(
                ref=ref,
                transfer_syntax_uid=instance.transfer_syntax_uid,
                header=header,
                destination=due.destination,
                data_set=lambda: instance.data_set(header),
                file=lambda: instance.file(header),
            )
            stays = item.bytes_at == item.location
            watch.end()  # how long a receiver takes is not for the limits of one file
            with _watched(watch, sink_step, item.id):
                told = _outcome_of(sink_step, delivery.store(parcel))
            return witness(told, blob, instance, header, stays=stays)
    except OverLimitError as error:
        if not watch.turn:
            raise  # half of it may be on the line: the association cannot be used any more
        return Failed(str(error), True)
    except OSError as error:
        return Failed(f"it cannot be read: {error.strerror or error}", True)
    except UnreadableError as error:
        return Failed(error.message, True)
    except MemoryError:
        return Failed("there is not enough memory to bring it", True)
    except FerryError as error:
        return Changed(Rejected(error.message))
    except Exception as error:  # noqa: BLE001  a stranger's bug fails one instance, not the run
        log_bug(error, f"{sink_step.path} raised")
        return Failed(f"{sink_step.path} raised {type(error).__name__}; see the log", False)
    finally:
        watch.end()


def _watched(watch: Watch, sink_step: SinkStep, item: int) -> AbstractContextManager[None]:
    """Watch by the clock a sink that writes to a disk; one of a network has its time-outs."""
    writes = isinstance(sink_step.sink, WritesDisk) and sink_step.sink.writes_disk
    return watch.writing(item) if writes else nullcontext()


def _outcome_of(sink_step: SinkStep, answer: object) -> Outcome | Pending:
    """Return what a sink answered; an answer that says nothing is a failure, never a success."""
    match answer:
        case Stored(text) | Pending(text) | Excluded(text) | Rejected(text) | Failed(text):
            if isinstance(text, str):
                return answer
    kind = type(answer).__name__
    return Failed(f"{sink_step.path}: its plug-in answered with no outcome ({kind})", False)
