"""The loops: searching with an engine, and training what was found from scratch."""
