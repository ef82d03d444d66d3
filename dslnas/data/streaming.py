"""Whether data stay where they are, and are read while networks train."""

from __future__ import annotations

from dslnas.graph.analysis.memory import memory_bytes
from dslnas.launch import launched
from dslnas.settings.data_base import Stream


def is_streamed(stream: Stream, held: int) -> bool:
    """Whether data are read while networks train: because that is asked for, or they are large.

    They are large if held they would take more than half of the memory: so many bytes, once more
    as parts that train are joined, in every process of the run on this machine.
    """
    if stream != "large":
        return stream == "always"
    memory = memory_bytes()
    return memory is not None and 2 * held * launched().local_size > memory / 2
