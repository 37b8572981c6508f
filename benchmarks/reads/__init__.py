"""How long the reads of a large search take over HTTP, beside Optuna's dashboard server on an equal study."""
