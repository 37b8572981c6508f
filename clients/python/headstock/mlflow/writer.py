"""Writes trials, and jobs' trials, as runs: what is missing of each, in calls that each leave a run that can go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from headstock.mlflow import told
from headstock.mlflow.server import MlflowError, MlflowRefused, MlflowServer, Run
from headstock.mlflow.tracked import TrackedEpoch, TrackedSearch, TrackedTrial


class RunWriter:
    """Writes trials as runs. One thread at a time, and one writer a search, or a run may be made twice.

    It remembers the runs of trials that are under way; those that have ended are forgotten, and found again if need be.
    """

    def __init__(self, server: MlflowServer) -> None:
        self._server = server
        self._experiments: dict[str, str] = {}
        self._runs: dict[str, Run] = {}
        self._whole: set[str] = set()

    def load(self, search: TrackedSearch) -> None:
        """Ask for all runs of a search at once, instead of one by one: for who is about to write all its trials."""
        self._runs |= dict(self._server.runs(self._experiment(search), tag=told.TRIAL_ID))
        self._whole.add(search.id)

    def write(self, search: TrackedSearch, trial: TrackedTrial, epochs: Iterable[TrackedEpoch]) -> bool:
        """Bring the trial's run up to date; False when it has none, because it has not begun.

        Args:
            search: Whose experiment the run belongs to: for a final training that of the trial it retrains.
            epochs: All that are recorded now, by execution, then epoch.

        Raises:
            MlflowUnavailable: Do the same again later: nothing is lost, and nothing is written twice.
            MlflowRefused: The run, or the experiment, was deleted in MLflow, or what it holds contradicts the trial.
        """
        try:
            return self._write(search, trial, epochs)
        except MlflowError:
            # Whether the last call was carried out is not known: what is remembered may be wrong.
            self._runs.pop(trial.id, None)
            self._experiments.pop(search.id, None)
            self._whole.discard(search.id)
            raise

    def _write(self, search: TrackedSearch, trial: TrackedTrial, epochs: Iterable[TrackedEpoch]) -> bool:
        run = self._run(search, trial)
        if run is None:
            return False
        if run.status == "DELETED":
            raise MlflowRefused(f"the run of {trial.id} was deleted in MLflow", code="DELETED")
        missing = {name: value for name, value in told.params_of(trial).items() if name not in run.params}
        for some in _portions(missing, told.MOST_PARAMS):
            self._server.log(run, params=some)
        # How far they go is told with them, in one call: where it is told, there they are.
        for metrics, tags in told.unsent_epochs(epochs, run.tags.get(told.SENT), executions=trial.executions):
            self._server.log(run, metrics=metrics, tags=tags)
        for metrics, tags in told.unsent_results(trial, run.tags.get(told.RESULTS_SENT)):
            self._server.log(run, metrics=metrics, tags=tags)
        status = told.STATUSES.get(trial.state, "RUNNING")
        news = {name: value for name, value in told.changing_tags(trial).items() if run.tags.get(name) != value}
        # So is the state with the metrics of the whole trial.
        own = told.own_metrics(trial) if told.STATE in news else []
        if news:
            self._server.log(run, metrics=own, tags=news)
        if status != run.status:
            self._server.update(run, status=status, ended=trial.ended_at if status in told.ENDED else None)
        if status in told.ENDED and search.id not in self._whole:
            self._runs.pop(trial.id, None)
        return True

    def _experiment(self, search: TrackedSearch) -> str:
        found = self._experiments.get(search.id)
        if found is None:
            found = self._server.experiment(told.experiment_name(search), tags=told.experiment_tags(search))
            self._experiments[search.id] = found
        return found

    def _run(self, search: TrackedSearch, trial: TrackedTrial) -> Run | None:
        run = self._runs.get(trial.id)
        if run is not None:
            return run
        # Results of elsewhere may not say when a trial began.
        started = trial.started_at or (trial.ended_at if trial.score is not None else None)
        if started is None:
            return None
        experiment = self._experiment(search)
        if search.id not in self._whole:
            mine = self._server.runs(experiment, tag=told.TRIAL_ID, value=trial.id)
            run = next((found for _, found in mine), None)
        if run is None:
            tags = told.lasting_tags(search, trial)
            run = self._server.create_run(experiment, name=told.run_name(trial), started=started, tags=tags)
        self._runs[trial.id] = run
        return run


def _portions(mapping: Mapping[str, str], most: int) -> Iterator[dict[str, str]]:
    items = list(mapping.items())
    for start in range(0, len(items), most):
        yield dict(items[start : start + most])
