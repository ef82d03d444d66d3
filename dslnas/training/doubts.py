"""Doubts about a network: it reads nothing, is no better than chance, or was better before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.data.dataset import Data
from dslnas.graph.analysis.plan import DROPPED
from dslnas.tasks.task import Measurement, Task

FIRST_EPOCHS = 3
"""Epochs in which a network has to become better than chance."""

SAME = 1e-6
"""Outputs that differ by less than this share of the largest do not depend on the examples."""


LEARNT, LOST = 0.1, 0.5
"""A network fell if it was better than a guess by so much, in accuracy, nats, or the error of the
guess, and lost this share of it."""


class Doubts:
    """Warnings of one search, each with its code and given once.

    Attributes:
        said: Codes of those that were given.
    """

    def __init__(self, supernet: Supernet, task: Task, data: Data) -> None:
        self._supernet, self._task, self._data = supernet, task, data
        self.said: set[str] = set()
        self._range: tuple[Tensor, Tensor] | None = None

    def watched(self, output_of: Callable[[Batch], Tensor]) -> Callable[[Batch], Tensor]:
        """Return the outputs of a measurement, which are looked at on the way."""
        self._range = None

        def watch(batch: Batch) -> Tensor:
            outputs = output_of(batch)
            rows = outputs.reshape(len(outputs), -1)
            low, high = rows.amin(0), rows.amax(0)
            if self._range is not None:
                low, high = low.minimum(self._range[0]), high.maximum(self._range[1])
            self._range = low, high
            return outputs

        return watch

    def after(
        self, measured: Sequence[Measurement], mixing: Mixing, *, may_fall: bool = True
    ) -> tuple[str, ...]:
        """Return the warnings after an epoch, in which `watched` outputs came.

        Args:
            measured: All epochs so far, this one the last.
            mixing: How the supernet ran.
            may_fall: Whether a worse epoch is no sign of anything: another architecture is
                measured, or alpha stands still.
        """
        epoch, found = len(measured), []
        if self._is_constant():
            found.append(("NAS721", f"outputs are the same for all examples{self._cut(mixing)}"))
        elif epoch >= FIRST_EPOCHS and "NAS722" not in self.said:
            found += [("NAS722", text) for text in self._by_chance(measured)]
        if not may_fall and "NAS723" not in self.said:
            found += [
                ("NAS723", text + ADVICE) for text in fallen(self._task, self._data, measured)
            ]
        new = [(code, text) for code, text in found if code not in self.said]
        self.said.update(code for code, _ in new)
        return tuple(f"{text} [{code}]" for code, text in new)

    def _is_constant(self) -> bool:
        if self._range is None:
            return False
        low, high = self._range
        largest = torch.maximum(low.abs(), high.abs()).max()
        return bool((high - low).max() <= SAME * largest)

    def _cut(self, mixing: Mixing) -> str:
        """Say which edges of which cells cut the network, if any do."""
        cells = []
        for cell, columns in (mixing.chosen or {}).items():
            connected = self._supernet.tables[cell].connectivity
            chosen = {row: column for row, column in enumerate(columns) if column != DROPPED}
            if connected is not None and connected.broken(chosen):
                cells.append(f"cell `{cell}` hands on nothing, with {connected.cuts(chosen)}")
        instead = "no cell is cut: lower the learning rate of `weights`, or clip more"
        return f": {'; '.join(cells) or instead}"

    def _by_chance(self, measured: Sequence[Measurement]) -> list[str]:
        """Say that no epoch was better than a guess that reads nothing."""
        chance = self._task.chance(self._data)
        if chance is None or chance.too_few or max(map(self._task.worth, measured)) > chance.worth:
            return []
        return [
            f"after {len(measured)} epochs the network is no better than {chance.what}; try "
            "another learning rate of `weights`, or more epochs before alpha learns"
        ]


ADVICE = ": lower the learning rates; `derive { epoch best }` takes the best epoch"


def fallen(task: Task, data: Data, measured: Sequence[Measurement]) -> list[str]:
    """Say that the last epoch lost much of what an earlier one was better than a guess."""
    chance, worths = task.chance(data), [task.worth(one) for one in measured]
    if chance is None or chance.too_few:
        return []
    before, now = max(worths) - chance.guess, worths[-1] - chance.guess
    if before < LEARNT * chance.unit or now > LOST * before:
        return []
    epoch, metric = worths.index(max(worths)), task.metrics[0]
    was, is_ = (metric.told(measured[place].metrics[metric.name]) for place in (epoch, -1))
    return [f"validation fell from {was} after epoch {epoch + 1} to {is_}"]


def doubts_of_training(
    task: Task, data: Data, measured: Sequence[Measurement], test: Measurement
) -> tuple[str, ...]:
    """Return sentences on a trained network that is hardly better than a guess, or was better.

    Args:
        task: The task.
        data: Its data, the test part among them.
        measured: Measurements on the validation part, up to the epoch whose network it is.
        test: Measurement on the test part.
    """
    metric, chance = task.metrics[0], task.chance(replace(data, validation=data.test))
    sentences = [f"In training {text}." for text in fallen(task, data, measured)]
    if chance is not None and not task.worth(test) > chance.worth:
        value = metric.told(test.metrics[metric.name])
        doubt = (
            f"The test part has {chance.too_few}, too few to tell whether the trained network is "
            "better than a guess that reads nothing"
            if chance.too_few
            else "The trained network is not clearly better than a guess that reads nothing"
        )
        sentences.append(f"{doubt} ({chance.what}): in the test it has {value}.")
    return tuple(sentences)
