"""CUDA graphs as recordings of losses, see `dslnas.backends.torch.loss_graphs`.

What is recorded of a network, what comes before it and what is played runs on one stream beside the
usual one, as the library asks: nodes of autograd remember the stream on which they were made, and
none of another stream can be recorded. The recordings of a network share memory: once the next is
played, nothing of one is read but its results, which stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Generator

from dslnas.backends.torch.loss_graphs import Results
from dslnas.diagnostics import user_error


class CudaRecorder:
    """Records what a GPU is given to do."""

    def __init__(self, device: torch.device) -> None:
        """Take a GPU; it has to be there."""
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run inside of this on the stream of the recordings."""
        usual = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(usual)
        with torch.cuda.stream(self._stream):
            yield
        usual.wait_stream(self._stream)

    def record(
        self, work: Callable[[], Results], generator: Generator | None
    ) -> tuple[Results, Callable[[], None]]:
        """Return the results of some work, not there yet, and what plays it into them.

        Raises:
            UserError: NAS014 if some of it cannot be recorded, such as a wait for the GPU.
        """
        graph = torch.cuda.CUDAGraph()
        if generator is not None:
            graph.register_generator_state(generator)
        try:
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
                results = work()
        except torch.cuda.OutOfMemoryError:
            raise
        except RuntimeError as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), "unknown")
            raise user_error(
                "NAS014",
                f"a step cannot be recorded as a CUDA graph: {reason.strip()}",
                where="execution",
                help="let it run by `--execution eager`",
            ) from error
        return results, graph.replay
