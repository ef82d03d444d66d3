"""How a stage of a run runs: as asked for, or as it was measured to run best when it began."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dslnas.app.run import Notice, Run
from dslnas.runs.manifest import LoopStage

if TYPE_CHECKING:
    from dslnas.backends.torch.runtime import Runtime


def settled_runtime(
    run: Run, stage: LoopStage, make: Callable[[Runtime], Callable[[], object]], steps: int
) -> Runtime:
    """Return how a stage of so many steps runs; what is measured for it is kept in the manifest.

    A run that is gone on with runs as it began.
    """
    runtime = run.runtime
    if runtime.is_settled:
        return runtime
    from dslnas.training.choosing import choose, settled

    chosen = run.manifest.chosen.get(stage)
    if chosen is None:
        run.report(Notice("Measuring how steps run best"))
        chosen = choose(runtime, make, steps, is_sequence=run.spec.graph.is_sequence)
        run.folder.update(chosen={**run.manifest.chosen, stage: chosen})
        run.report(Notice(chosen.told()))
    return settled(runtime, chosen.way)
