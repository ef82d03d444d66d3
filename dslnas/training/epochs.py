"""The epochs of a training from scratch: steps, a measurement, and what follows from it."""

from __future__ import annotations

import torch
from torch import Tensor

from dslnas.backends.torch.losses import run_batch
from dslnas.backends.torch.synchronised import share_statistics
from dslnas.data.batches import Batch, Part, Reading
from dslnas.data.dataset import Data
from dslnas.engines.objectives.accumulation import Gradients, added, in_parts, summed
from dslnas.settings.data_base import DataSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.meter import Meter
from dslnas.tasks.task import Measurement
from dslnas.training.averaging import has_stalled
from dslnas.training.keeping import Keeper
from dslnas.training.measure import measure
from dslnas.training.records import EpochRecord, Report, StepRecord, check_finite
from dslnas.training.training_loss import training_loss
from dslnas.training.training_state import Progress, Trainee


class Epochs:
    """The epochs of one training."""

    def __init__(
        self,
        trainee: Trainee,
        settings: EvaluateSettings,
        data_settings: DataSettings,
        data: Data,
        report: Report,
        keeper: Keeper[Progress],
    ) -> None:
        """Go on from where the trainee is; raise an error if a batch finds too few examples."""
        self._trainee, self._settings, self._data = trainee, settings, data
        self._report, self._keeper = report, keeper
        self._part = data.training
        self._part.check_batch(settings.batch)
        self._vary = settings.vary == "lengths"
        if self._vary:  # a step is like hardly any other
            trainee.network.graphs = None
        self._augment = (*data_settings.augmentations, *settings.augment)
        self._task = task_of(data_settings)
        self._averages = self._task.selects_epoch or settings.ema is not None

    def run_one(self) -> EpochRecord:
        """Train for one epoch, or what is left of it, measure, and return both.

        After every step the keeper may store it, then it is reported.

        Raises:
            UserError: NAS701 if a loss is not finite.
        """
        trainee, settings = self._trainee, self._settings
        number = trainee.progress.epochs + 1
        train_loss, steps = self._train(number)
        with trainee.average.in_place():
            measured = self.measure(self._data.validation)
            check_finite("validation loss", measured.loss, number, steps, "training")
            self._note(measured)
        return EpochRecord(
            stage="retrain",
            epoch=number,
            epochs=settings.epochs,
            train_loss=train_loss,
            architecture_loss=None,
            validation_loss=measured.loss,
            averaged=trainee.average.count > 0 if self._averages else None,
            seconds=trainee.progress.seconds,
        ).with_metrics(measured.metrics)

    def _train(self, epoch: int) -> tuple[float, int]:
        """Take the steps of an epoch, counted from 1; return the mean loss and their number."""
        trainee, settings = self._trainee, self._settings
        self.begin(epoch)
        if trainee.reading is None:
            trainee.reading = self.batches()
        expected = self._part.batch_count(settings.batch)
        for batch in trainee.reading:
            value, step = self.step(batch), trainee.progress.steps + 1
            if trainee.progress.averages:
                trainee.average.add()
            check_finite("training loss", value, epoch, step, "training")
            trainee.progress = trainee.progress.after_step(value)
            self._keeper.after_step(trainee.save)
            # segments of varying lengths: how many there are is only known at the end
            self._report(StepRecord("retrain", epoch, settings.epochs, step, max(step, expected)))
        trainee.reading = None
        progress = trainee.progress
        return progress.loss / progress.steps, progress.steps

    def begin(self, epoch: int) -> None:
        """Set what depends on the epoch, counted from 1."""
        trainee, settings = self._trainee, self._settings
        trainee.optimiser.start_epoch(epoch - 1)
        trainee.network.train()
        state = trainee.network.run_state
        state.drop_path_rate = settings.drop_path * (epoch - 1) / settings.epochs
        state.dropout = {} if settings.dropout is None else settings.dropout.rates()

    def batches(self) -> Reading:
        """Begin to read the batches of an epoch."""
        trainee, batch = self._trainee, self._settings.batch
        return self._part.batches(batch, trainee.generator, self._augment, vary=self._vary)

    def step(self, batch: Batch) -> float:
        """Take a step on a batch, run in the parts that the settings say; return the loss."""
        trainee, reported = self._trainee, list[Tensor]()
        gradients: Gradients | None = None
        for part, share in in_parts(batch, self._settings.accumulate, trainee.ranks):
            descended, shown = training_loss(trainee.network, part, self._settings, self._task)
            gradients = added(gradients, trainee.optimiser.gradients(share * descended))
            reported.append(share * shown.detach().double())
        assert gradients is not None
        found = summed(torch.stack(reported).sum(), gradients, trainee.ranks)
        trainee.optimiser.step(found.gradients, self._share(batch))
        share_statistics(trainee.network, trainee.ranks)
        return float(found.loss)

    def _share(self, batch: Batch) -> float:
        """Return the share of the learning rate for a batch, where lengths vary."""
        return self._part.rate_share(batch) if self._vary else 1.0

    def measure(self, part: Part, meter: Meter | None = None) -> Measurement:
        """Measure the network as it is, in evaluation mode, by a meter if one is given."""
        network = self._trainee.network.eval()

        def logits_of(batch: Batch) -> Tensor:
            return run_batch(network, batch).logits

        return measure(logits_of, part, self._task, meter)

    def _note(self, measured: Measurement) -> None:
        """Take down an epoch, and what follows from it for the next ones."""
        trainee, before = self._trainee, self._trainee.progress
        best = before.best
        if self._task.selects(self._settings) and (best == 0 or self._is_better(measured)):
            trainee.keep_best()
            best = before.epochs + 1
        losses, checks = (*before.losses, measured.loss), self._settings.average or 0
        trainee.progress = before.model_copy(
            update={
                "measured": (*before.measured, measured.brief),
                "best": best,
                "averages": before.averages or has_stalled(losses, checks),
                "steps": 0,
                "loss": 0.0,
                "seconds": trainee.seconds,
            }
        )

    def _is_better(self, measured: Measurement) -> bool:
        return self._task.worth(measured) > self._task.worth(self._trainee.progress.result)
