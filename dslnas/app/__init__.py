"""The use cases, one per file; `pipeline.py` is the straight line through them: read it first."""
