"""All search methods on Fashion-MNIST: search time, accuracy of the trained cell, parameters.

Every run is one `dslnas compile --search` in a process of its own: search, then training the found
cell from scratch. Methods are all that the language has; SETTINGS and SECOND_ORDER say what differs
besides their names: alpha of PC-DARTS takes steps of twice the size, as in the papers. A run that
is there already is kept if it is of the same spec, so an interrupted comparison goes on where it
was.

    python benchmarks/compare.py DIR               # DIR holds Fashion-MNIST's four IDX files
    python benchmarks/compare.py DIR --seeds 5 --methods darts,nasp --set data.subset=100%
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dslnas.app.compile import compile_spec
from dslnas.diagnostics import UserError
from dslnas.settings.search import SEARCH
from measuring import machine

SPEC = Path(__file__).resolve().parent.parent / "specs" / "fashion_darts.nas"


SETTINGS: Mapping[str, tuple[str, ...]] = {
    "pc_darts": ("search.warmup=1", "search.arch=adam(lr = 2e-2)"),
    "asap": ("search.arch=adam(lr = 1e-2, weight_decay = 0)",),
    "bayesnas": ("search.arch=sgd(lr = 0.1, weight_decay = 0)",),
    "evolution": ("search.population=30", "search.tournament=8", "search.cycles=30"),
    "enas": ("search.arch=adam(lr = 3.5e-3)",),
    "nao": ("search.pool=60", "search.fresh=30", "search.fits=100", "search.arch=adam(lr = 1e-3)"),
    "random_search": ("search.epochs=6", "search.each=3"),  # two architectures
}
"""Settings of methods that the others' do not suit."""

ARCH = "search.arch=adam(lr = 1e-2)"
"""Steps of alpha that five epochs need, for methods that take some."""

SECOND_ORDER = ("darts", "milenas")
"""Methods that run in second order too."""


@dataclass(frozen=True)
class Method:
    """A row of the table: the word of the language, and what differs from others."""

    word: str
    settings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The word and what differs."""
        return ", ".join([self.word, *(change.removeprefix("search.") for change in self.settings)])

    @property
    def changes(self) -> tuple[str, ...]:
        """Arguments of `--set` that make the spec one of this method."""
        has_arch = "arch" in SEARCH[self.word].settings()
        given = any(change.startswith("search.arch=") for change in self.settings)
        common = (ARCH,) if has_arch and not given else ()
        return (f"search={self.word}", *common, *self.settings)


def _methods() -> Iterator[Method]:
    for word in SEARCH:
        yield Method(word, SETTINGS.get(word, ()))
        if word in SECOND_ORDER:
            yield Method(word, (*SETTINGS.get(word, ()), "search.order=second"))


METHODS = tuple(_methods())


def folder_of(out: Path, method: Method, seed: int) -> Path:
    """Return the folder of a run."""
    changed = [change.partition("=")[2] for change in method.settings]
    words = "-".join([method.word, *changed, f"seed{seed}"])
    return out / re.sub(r"[^A-Za-z0-9._]+", "-", words)


def run(method: Method, seed: int, data: Path, out: Path, settings: Sequence[str]) -> Any:
    """Return the results of one run, which is made if it is not there."""
    folder = folder_of(out, method, seed)
    manifest = folder / "manifest.json"
    changes = (*method.changes, f"data.path={data}", *settings)
    compiled = compile_spec(SPEC, changes)
    if not manifest.exists():
        overrides = [word for change in changes for word in ("--set", change)]
        command = [sys.executable, "-m", "dslnas", "compile", str(SPEC), "--search"]
        command += ["--json", "--seed", str(seed), "--out", str(folder), *overrides]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = json.loads(manifest.read_text(encoding="utf-8"))
    if found["status"] != "finished" or found["spec_hash"] != compiled.hash:
        state = found["status"] if found["status"] != "finished" else "of another spec"
        raise SystemExit(f"{folder} is {state}: remove it, or choose another --out")
    return found["results"]


def spread(values: Sequence[float], form: str) -> str:
    """Return mean and sample standard deviation."""
    if len(values) < 2:
        return format(values[0], form)
    return f"{statistics.mean(values):{form}} ± {statistics.stdev(values):{form}}"


def row(name: str, results: Sequence[Any]) -> str:
    """Return one row of the table."""
    accuracies = [100 * r["test_accuracy"] for r in results]
    chosen = max(results, key=lambda r: r["validation_accuracy"])
    return (
        f"| {name} | {spread([r['search_seconds'] for r in results], '.0f')} "
        f"| {spread(accuracies, '.2f')} | {100 * chosen['test_accuracy']:.2f} "
        f"| {spread([r['params'] / 1000 for r in results], '.1f')} |"
    )


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of Fashion-MNIST's four IDX files")
    parser.add_argument("--out", type=Path, default=Path("exported/compare"), help="for the runs")
    parser.add_argument("--seeds", type=int, default=3, help="runs of every method")
    parser.add_argument("--methods", default="", help="words of the language, joined by commas")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="K=V")
    given = parser.parse_args()
    asked = given.methods.split(",") if given.methods else [m.word for m in METHODS]
    unknown = set(asked) - {m.word for m in METHODS}
    if unknown:
        parser.error(f"unknown methods: {', '.join(sorted(unknown))}")
    given.out.mkdir(parents=True, exist_ok=True)
    table: dict[str, list[Any]] = {}
    for seed in range(given.seeds):
        for method in METHODS:
            if method.word in asked:
                print(f"{method.name}, seed {seed}", file=sys.stderr)
                try:
                    results = run(method, seed, given.data, given.out, given.settings)
                except UserError as error:
                    raise SystemExit(error.render()) from None
                except subprocess.CalledProcessError:
                    raise SystemExit(1) from None  # it has said why
                table.setdefault(method.name, []).append(results)
    print(f"Fashion-MNIST, {SPEC.name}, seeds 0 to {given.seeds - 1}; {machine()}\n")
    print("| method | search, s | test accuracy, % | best by validation, % | parameters, k |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, rows in table.items():
        print(row(name, rows))


if __name__ == "__main__":
    main()
