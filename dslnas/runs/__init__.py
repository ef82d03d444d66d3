"""Run folders: manifest, metrics, checkpoints, resuming, repeats."""
