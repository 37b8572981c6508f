// The kinds of events pages listen to (docs/events.md).
export const TRIAL_KINDS = [
  "trial.queued",
  "trial.started",
  "trial.checked",
  "trial.epoch",
  "trial.completed",
  "trial.stopped",
  "trial.failed",
  "trial.requeued",
  "trial.lost",
  "trial.released",
  "trial.cancelled",
];
export const SEARCH_KINDS = [
  "search.created",
  "search.started",
  "search.paused",
  "search.resumed",
  "search.changed",
  "search.completed",
  "search.failed",
  "search.cancelled",
  "search.deleted",
];
export const WORKER_KINDS = ["worker.registered", "worker.retired"];
export const DATASET_KINDS = ["dataset.added", "dataset.deleted"];
