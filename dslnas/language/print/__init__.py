"""Programs as text: the formatter and the expanded spec of a run."""
