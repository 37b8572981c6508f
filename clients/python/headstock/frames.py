"""Tables for pandas users. pandas is imported when one is asked for: `pip install "headstock[pandas]"`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from headstock.errors import HeadstockError
from headstock.models import Epoch, TrialRecord

if TYPE_CHECKING:
    import pandas

TRIAL_COLUMNS = (
    "number", "state", "score", "best_epoch", "epochs", "seconds", "parameters", "attempts",
    "failure", "device", "parent_trial_id", "swept", "started_at", "ended_at", "id",
)  # fmt: skip
EPOCH_COLUMNS = ("trial_id", "trial_number", "execution", "fold", "epoch", "seconds", "recorded_at")


def _pandas() -> Any:
    try:
        import pandas
    except ModuleNotFoundError as fault:
        raise HeadstockError('frames need pandas: pip install "headstock[pandas]"') from fault
    return pandas


def trials_frame(trials: Iterable[TrialRecord]) -> pandas.DataFrame:
    """One row per trial, by number: what it is, then one column per hyperparameter as `hp.<name>` (missing where it is
    not active)."""
    pd = _pandas()
    rows: list[dict[str, object]] = []
    names: dict[str, None] = {}
    for trial in trials:
        row: dict[str, object] = {name: getattr(trial, name) for name in TRIAL_COLUMNS}
        row["failure"] = trial.failure.code if trial.failure else None
        for name, value in trial.hyperparameters.items():
            names.setdefault(f"hp.{name}")
            # A list in a cell cannot be grouped by: its text can.
            row[f"hp.{name}"] = str(value) if isinstance(value, list) else value
        rows.append(row)
    frame: pandas.DataFrame = pd.DataFrame(rows, columns=[*TRIAL_COLUMNS, *names])
    # As a column of numbers even while nothing is scored yet.
    frame["score"] = frame["score"].astype("float64")
    return frame


def epochs_frame(epochs: Iterable[Epoch]) -> pandas.DataFrame:
    """One row per trained epoch, with one column per metric (NaN where it was not finite)."""
    pd = _pandas()
    rows: list[dict[str, object]] = []
    names: dict[str, None] = {}
    for epoch in epochs:
        names.update(dict.fromkeys(epoch.metrics))
        rows.append(
            {
                "trial_id": epoch.trial_id,
                "trial_number": epoch.trial_number,
                "execution": epoch.execution,
                "fold": epoch.fold,
                "epoch": epoch.epoch,
                "seconds": epoch.seconds,
                "recorded_at": epoch.recorded_at,
                **epoch.metrics,
            }
        )
    frame: pandas.DataFrame = pd.DataFrame(rows, columns=[*EPOCH_COLUMNS, *names])
    return frame.astype(dict.fromkeys(names, "float64"))
