"""dslnas: a language and compiler for neural architecture search.

The pipeline is in `dslnas.app.pipeline`; nothing is imported here, so that `dslnas check` stays
fast.
"""
