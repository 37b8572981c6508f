"""A zip of event files from messages, in the child. TensorFlow is not imported: TensorBoard's own messages suffice."""

from __future__ import annotations

import time
import zipfile
from typing import IO

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.plugins.hparams import summary_v2 as hp
from tensorboard.summary.writer.record_writer import RecordWriter

from tuners.drained import Drained
from tuners.event_files.wire import End, Experiment, Hyperparameter, Run, RunEnd, Scalars, Status

_STATUSES: dict[Status, int] = {
    "success": api_pb2.STATUS_SUCCESS,
    "failure": api_pb2.STATUS_FAILURE,
    "unknown": api_pb2.STATUS_UNKNOWN,
}
# A zip cannot name earlier days.
_FIRST_DAY = 315_532_800.0


class ZippedRuns:
    """A zip whose bytes are taken away as they come: one folder a run, one event file in each.

    Values are written as `simple_value`, 32 bits wide, which every reader of event files understands. All metrics of an
    epoch share one event: the checksums of TensorBoard's writer are reckoned byte by byte in Python.
    """

    def __init__(self) -> None:
        self._buffer = Drained()
        self._zip = zipfile.ZipFile(self._buffer, "w", zipfile.ZIP_DEFLATED)
        self._file: IO[bytes] | None = None
        self._records: RecordWriter | None = None

    def take(self, message: Experiment | Run | Scalars | RunEnd | End) -> bytes:
        """The bytes that are ready after this message."""
        match message:
            case Experiment():
                self._open("", message.created)
                self._write(_experiment(message), at=message.created)
                self._close()
            case Run():
                self._open(f"{message.folder}/", message.started)
                start = hp.hparams_pb(message.values, trial_id=message.group, start_time_secs=message.started)
                self._write(start, at=message.started)
            case Scalars():
                for step, at, values in message.rows:
                    self._write(_scalars(message.names, values), at=at, step=step)
            case RunEnd():
                if message.ended is not None:
                    self._write(_end(message.status, message.ended), at=message.ended)
                self._close()
            case End():
                self._zip.close()
        return self._buffer.drained()

    def _open(self, folder: str, begun: float) -> None:
        # The same name each time, so that what is unpacked over an older export replaces it.
        name = f"{folder}events.out.tfevents.{int(begun):010d}.headstock"
        entry = zipfile.ZipInfo(name, time.gmtime(max(begun, _FIRST_DAY))[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        self._file = self._zip.open(entry, "w", force_zip64=True)
        self._records = RecordWriter(self._file)
        self._records.write(event_pb2.Event(wall_time=begun, file_version="brain.Event:2").SerializeToString())

    def _write(self, summary: summary_pb2.Summary, *, at: float, step: int = 0) -> None:
        assert self._records is not None
        self._records.write(event_pb2.Event(wall_time=at, step=step, summary=summary).SerializeToString())

    def _close(self) -> None:
        assert self._file is not None
        self._file.close()


def _experiment(message: Experiment) -> summary_pb2.Summary:
    return hp.hparams_config_pb(
        hparams=[hp.HParam(each.name, _domain(each), description=each.description) for each in message.hyperparameters],
        metrics=[hp.Metric(name) for name in message.metrics],
        time_created_secs=message.created,
    )


def _domain(hyperparameter: Hyperparameter) -> hp.Domain:
    if hyperparameter.interval is None:
        return hp.Discrete(hyperparameter.values)
    low, high = hyperparameter.interval
    return hp.IntInterval(low, high) if isinstance(low, int) else hp.RealInterval(low, high)


def _scalars(names: list[str], values: list[float | None]) -> summary_pb2.Summary:
    found = zip(names, values, strict=True)
    return summary_pb2.Summary(
        value=[summary_pb2.Summary.Value(tag=name, simple_value=value) for name, value in found if value is not None]
    )


def _end(status: Status, ended: float) -> summary_pb2.Summary:
    # TensorBoard's own `session_end_pb` does the same, in a module that needs TensorFlow.
    info = plugin_data_pb2.SessionEndInfo(status=_STATUSES[status], end_time_secs=ended)
    described = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=info))
    value = summary_pb2.Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG, metadata=described, tensor=metadata.NULL_TENSOR
    )
    return summary_pb2.Summary(value=[value])
