"""Steps of searches and trainings on many GPUs, on paper: tables of docs/scale.md, and its drawing.

A step is counted while it runs on the CPU with few examples, by the functions that run on a GPU
too, see `calls`; its time on GPUs follows from published speeds, see `cluster`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import torch

from calls import CountedStep, Make, counted_step
from cluster import H100, START, V100, assumed, predicted, short
from dslnas.app.compile import compile_spec, with_search
from dslnas.app.compiled import CompiledSearch
from dslnas.app.search import plan_of
from dslnas.backends.torch import products
from dslnas.backends.torch.kernels.availability import without_loops
from dslnas.backends.torch.runtime import Runtime
from dslnas.data.batches import LEAST
from dslnas.ranks import Ranks
from dslnas.training.memory_estimate import Needs, search_needs, training_needs
from dslnas.training.steps import TakeStep, search_step, training_step
from dslnas.training.synthetic_data import noise
from methods import KERNELS
from training import checked, published
from workloads import CPU, SPECS

GPUS = (1, 2, 4, 8, 16, 64, 256, 512)
DRAWING = SPECS.parent / "docs" / "scale.svg"
ON_GPU = Runtime(torch.device("cuda"))


@dataclass(frozen=True)
class Job:
    """A step that is predicted.

    Attributes:
        title: What it is a step of.
        examples: What a batch has, in the plural.
        batch: The paper's.
        make: Makes the step of a rank.
        needs: Returns the memory of a rank with so many examples.
        norms: Whether it is counted with batch norm over all ranks, too.
    """

    title: str
    examples: str
    batch: int
    make: Make
    needs: Callable[[int], Needs]
    norms: bool = True

    @cache  # noqa: B019 - there are three of them
    def step(self, *, synchronised: bool = False) -> CountedStep:
        """Return the step, counted; with statistics of batch norm over all ranks if asked."""
        return counted_step(self.make, synchronised=synchronised)


def _runtime(ranks: Ranks) -> Runtime:
    """Return what runs on the CPU the functions of PyTorch that run on a GPU."""
    return Runtime(CPU, ON_GPU.paying, ranks=ranks)


@contextmanager
def _as_on_gpu() -> Iterator[None]:
    """Run the body without loops for CPUs, and products of any number of rows in one call.

    Gradients of a recurrent network's weights are added up in one product, then, where the paper's
    batch takes one for every time step: a hundredth of its calls.
    """
    with without_loops(*KERNELS), patch.object(products, "ROWS", 2**30):
        yield


def _taken(make: Callable[[], TakeStep]) -> TakeStep:
    with _as_on_gpu():
        step = make()

    def take() -> object:
        with _as_on_gpu():
            return step()

    return take


@cache
def _compiled(name: str) -> CompiledSearch:
    return with_search(compile_spec(SPECS / f"{name}.nas"))


def _search(name: str, batch: int, ranks: Ranks) -> TakeStep:
    spec, runtime = _compiled(name), _runtime(ranks)
    plan = plan_of(spec)
    settings = plan.data.model_copy(update={"batch": batch})
    data = noise(settings, spec.network.example, spec.network.classes, batch, CPU)
    return _taken(partial(search_step, replace(plan, data=settings), data, runtime))


def _search_needs(name: str, examples: int) -> Needs:
    plan = plan_of(_compiled(name))
    settings = plan.data.model_copy(update={"batch": examples})
    return search_needs(replace(plan, data=settings), ON_GPU)


IMAGENET = """use cnn.darts_v2
use networks.imagenet
data images { path "imagenet"; size 224; fit crop }
"""
IMAGE, CLASSES = (3, 224, 224), 1000


def _training(batch: int, ranks: Ranks) -> TakeStep:
    program, architecture = checked(IMAGENET, IMAGE, CLASSES)
    settings = program.evaluate.model_copy(update={"batch": batch})
    data = noise(program.data, IMAGE, CLASSES, batch, CPU)
    given = (architecture, settings, program.data, data, _runtime(ranks))
    return _taken(partial(training_step, *given))


def _training_needs(examples: int) -> Needs:
    program, architecture = checked(IMAGENET, IMAGE, CLASSES)
    settings = program.evaluate.model_copy(update={"batch": examples})
    return training_needs(architecture, settings, program.data, ON_GPU)


JOBS = {
    "cifar10": Job(
        "DARTS, first order, CIFAR-10",
        "images",
        64,
        partial(_search, "cifar10_darts"),
        partial(_search_needs, "cifar10_darts"),
    ),
    "imagenet": Job(
        "training DARTS V2, ImageNet", "images", 128, _training, _training_needs
    ),
    "recurrent": Job(
        "DARTS, second order, Penn Treebank",
        "segments",
        256,
        partial(_search, "ptb_darts"),
        partial(_search_needs, "ptb_darts"),
        norms=False,
    ),
}  # fmt: skip


REPORTED_BATCH, REPORTED = 128, 0.35
"""Seconds of a training step of the published program on a V100: 50 of them took 17 or 18 s in
https://github.com/quark0/darts/issues/80."""


def _published(batch: int, ranks: Ranks) -> TakeStep:
    layout = torch.contiguous_format
    return partial(published(20, 36, batch // ranks.size, layout), 0)


def reported() -> Iterator[str]:
    """Yield the table of a step that others timed on a GPU."""
    found = counted_step(_published).seconds(REPORTED_BATCH, V100, START)
    yield "| step of the published program | reported, s | by the equation, s |"
    yield "| --- | ---: | ---: |"
    title = f"training DARTS V2, CIFAR-10, {REPORTED_BATCH} images, V100"
    yield f"| {title} | {REPORTED:.2f} | {found:.2f} |"


def counts() -> Iterator[str]:
    """Yield the table of what a step has on one GPU with the paper's batch, and what bounds it."""
    yield "| step | batch | calls | T mul-adds | GB | start, ms | arithmetic, ms | memory, ms |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for job in JOBS.values():
        step = job.step()
        starts = len(step.bytes.fixed)
        multiply_adds, moved = (
            found.at(job.batch).sum() for found in (step.multiply_adds, step.bytes)
        )
        milliseconds = (
            1e3 * seconds
            for seconds in (
                starts * START,
                multiply_adds / H100.speed.multiply_adds,
                moved / H100.speed.bytes,
            )
        )
        bounds = " | ".join(map(short, milliseconds))
        work = f"{short(multiply_adds / 1e12)} | {short(moved / 1e9)}"
        yield f"| {job.title} | {job.batch} {job.examples} | {starts:,} | {work} | {bounds} |"


def messages() -> Iterator[str]:
    """Yield the table of what ranks tell each other in a step."""
    yield "| step | messages, bytes | with norms over all ranks |"
    yield "| --- | --- | ---: |"
    for job in JOBS.values():
        sizes = " + ".join(f"{m.bytes:,.0f}" for m in job.step().messages(job.batch, 2))
        more = ""
        if job.norms:
            together = [*job.step(synchronised=True).messages(job.batch, 2)]
            more = f"{len(together):,} messages, {sum(m.bytes for m in together):,.0f} bytes"
        yield f"| {job.title} | {sizes} | {more} |"


def scale(name: str) -> Iterator[str]:
    """Yield the table of a job: one batch divided, and one on every GPU."""
    job = JOBS[name]
    step = job.step()
    one = predicted(step, job.batch, 1)
    yield (
        f"| GPUs | sent, MB | {job.examples} | step, ms | efficiency | GiB | {job.batch} each: "
        "step, ms | messages, ms | efficiency | norms together, ms |"
    )
    yield f"|{' ---: |' * 10}"
    for gpus in GPUS:
        own, each = job.batch // gpus, predicted(step, job.batch, gpus)
        divided = "| | | | |"
        if own >= LEAST:
            found, memory = predicted(step, own, gpus), job.needs(own).peak / 2**30
            divided = (
                f"| {own} | {short(1e3 * found.seconds)} | {found.efficiency(one):.0%} "
                f"| {short(memory)} |"
            )
        norms = ""
        if gpus > 1 and job.norms:
            norms = short(1e3 * predicted(job.step(synchronised=True), job.batch, gpus).seconds)
        yield (
            f"| {gpus} | {short(each.sent / 1e6)} {divided} {short(1e3 * each.seconds)} "
            f"| {short(1e3 * each.messages)} | {each.efficiency(one):.0%} "
            f"| {norms} |"
        )


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "assumed": assumed,
    "counts": counts,
    "messages": messages,
    "reported": reported,
    **{name: partial(scale, name) for name in JOBS},
}


def draw(path: Path = DRAWING, gpus: Sequence[int] = GPUS) -> None:
    """Draw the efficiency of all jobs over the number of GPUs."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    places = figure.subplots(1, 2, sharey=True)
    for number, job in enumerate(JOBS.values()):
        step, batch = job.step(), job.batch
        one = predicted(step, batch, 1)
        divided = {n: predicted(step, batch / n, n) for n in gpus if batch // n >= LEAST}
        apart = {n: predicted(step, batch, n) for n in gpus}
        lines = [(places[0], divided, "o-"), (places[1], apart, "o-")]
        if job.norms:
            together = job.step(synchronised=True)
            norms = {n: predicted(together, batch, n) for n in gpus if n > 1}
            lines.append((places[1], norms, "o:"))
        for place, found, line in lines:
            efficiency = [each.efficiency(one) for each in found.values()]
            place.plot([*found], efficiency, line, color=f"C{number}", label=job.title)
    titles = ("one batch, divided", "a batch on every GPU; dotted: norms together")
    for place, title in zip(places, titles, strict=True):
        place.set_title(title, fontsize="medium")
        place.set_xscale("log", base=2)
        place.set_xticks(gpus, [*map(str, gpus)])
        place.set_xlabel("GPUs")
    places[0].set_ylabel("efficiency")
    places[0].set_ylim(0, 1.05)
    places[0].legend(fontsize="small")
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": path.stem}):
        figure.savefig(path, metadata={"Date": None})
