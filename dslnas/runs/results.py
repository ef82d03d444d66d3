"""Results of a training, as the manifest says them."""

from __future__ import annotations

from dslnas.data.dataset import Data
from dslnas.tasks.task import Task
from dslnas.training.train import Trained


def training_results(trained: Trained, data: Data, task: Task) -> dict[str, object]:
    """Return the metrics of a trained network, what the task tells beside them, and costs."""
    graph = trained.network.graph
    measured = {"test": trained.test, "validation": trained.validation}
    epoch: dict[str, object] = {"retrain_epoch": trained.epoch} if task.selects_epoch else {}
    return {
        **task.results(measured, data),
        **epoch,
        **task.more_results(data),
        "params": graph.params(),
        "flops": graph.flops(),
        "retrain_seconds": round(trained.seconds, 3),
    }
