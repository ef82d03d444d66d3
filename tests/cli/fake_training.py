"""In place of training, for tests of what is around many runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from dslnas.app.run import Run
from dslnas.runs.folder import ARCHITECTURE, REPORT
from dslnas.runs.summary import BASELINE

RESULTS = {"params": 100, "flops": 2000, "retrain_seconds": 2.0, "search_seconds": 3.0}


@dataclass
class Fake:
    """Training whose results follow from the seed.

    Attributes:
        seeds: Seeds of all runs that finished, as they came.
        errors: By seed, what ends the run of a search.
        doubts: Doubts about every trained network.
    """

    seeds: list[int] = field(default_factory=list)
    errors: dict[int, BaseException] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    def train(self, run: Run) -> Run:
        seed = run.manifest.seed
        with run.stage("finished"):
            run.start()
            if run.manifest.method != BASELINE and seed in self.errors:
                raise self.errors[seed]
            self.seeds.append(seed)
            run.folder.write(ARCHITECTURE, "cell normal {\n    node n1 = skip_connect(in1)\n}\n")
            run.folder.write(REPORT, "")  # nothing was found that could be drawn
            share = 0.5 + seed / 100
            accuracies = {"test_accuracy": share, "validation_accuracy": share}
            doubts = {"doubts": self.doubts} if self.doubts else {}
            run.folder.add_results({**RESULTS, **accuracies, **doubts})
        return run
