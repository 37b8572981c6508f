"""Files: checkpoints, models and data sets, addressed by key inside one store."""
