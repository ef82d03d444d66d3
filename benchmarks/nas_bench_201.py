"""The cells that every method finds in NAS-Bench-201's space, looked up in a table of accuracies.

TABLE.csv has a row for every cell: its string, such as `|nor_conv_3x3~0|+|...`, and its accuracy. A
search has a small budget; the table says how good a cell is that was trained in full. Each result
is a line of `results.jsonl` in --out, and what is there for the same spec is not searched again: a
long table can be made in pieces. Another version of dslnas needs another --out.

    python benchmarks/nas_bench_201.py TABLE.csv                          # on digits: a dry run
    python benchmarks/nas_bench_201.py TABLE.csv --data cifar10 --path DIR --subset 25% --seeds 5
    python benchmarks/nas_bench_201.py TABLE.csv --methods darts,nasp --set search.warmup=2
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import statistics
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import dslnas
from dslnas.app.compiled import CompiledSpace
from dslnas.diagnostics import UserError
from dslnas.settings.search import SEARCH
from dslnas.spelling import suggestion
from measuring import machine

SPEC = Path(__file__).resolve().parent.parent / "specs" / "nas_bench_201.nas"
RESULTS = "results.jsonl"


class Table:
    """Accuracies of cells, as somebody trained them.

    Attributes:
        accuracies: By string of the cell.
        mean: The mean: what a blind pick has on average.
        median: Accuracy that half of the cells have.
    """

    def __init__(self, accuracies: Mapping[str, float]) -> None:
        self.accuracies = accuracies
        self._sorted = sorted(accuracies.values())
        self.mean, self.median = statistics.mean(self._sorted), statistics.median(self._sorted)

    def __len__(self) -> int:
        return len(self._sorted)

    def rank(self, accuracy: float) -> int:
        """Return the place of an accuracy; the best has 1, equal ones have the same."""
        return 1 + len(self._sorted) - bisect_right(self._sorted, accuracy)

    @property
    def blind_rank(self) -> float:
        """The rank of a blind pick on average."""
        return statistics.mean(map(self.rank, self._sorted))


def read_table(path: Path) -> Table:
    """Return the table of a file; a first line without a cell is a heading.

    Raises:
        ValueError: A line is wrong; the message says which.
    """
    accuracies: dict[str, float] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        try:
            for row in rows:
                if not row or (rows.line_num == 1 and not row[0].strip().startswith("|")):
                    continue
                cell, accuracy = _entry(row)
                if cell in accuracies:
                    raise ValueError(f"`{cell}` has a line above")
                accuracies[cell] = accuracy
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{path}:{rows.line_num}: {error}") from None
    if not accuracies:
        raise ValueError(f"{path}: has no cells")
    return Table(accuracies)


def _entry(row: Sequence[str]) -> tuple[str, float]:
    if len(row) != 2:
        raise ValueError(f"has {len(row)} columns; wanted are a cell and its accuracy")
    cell, text = (column.strip() for column in row)
    if not (cell.startswith("|") and cell.endswith("|")):
        raise ValueError(f"`{cell}` is no cell such as `|nor_conv_3x3~0|+|...`")
    try:
        accuracy = float(text)
    except ValueError:
        accuracy = math.nan
    if not math.isfinite(accuracy):
        raise ValueError(f"`{text}` is no accuracy")
    return cell, accuracy


@dataclass(frozen=True)
class Result:
    """The outcome of one search.

    Attributes:
        spec_hash: Hash of the spec that ran.
        cell: String of the cell that was found; "" if none was.
        error: Why none was.
    """

    method: str
    seed: int
    spec_hash: str
    cell: str = ""
    error: str = ""


def read_results(path: Path) -> list[Result]:
    """Return the results of a file; a last line that was cut short does not count.

    Raises:
        ValueError: A line is damaged.
    """
    if not path.exists():
        return []
    results = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1], 1):
        try:
            results.append(Result(**json.loads(line)))
        except (TypeError, ValueError):
            raise ValueError(f"{path}:{number}: is no result; remove the line") from None
    return results


def add_result(path: Path, result: Result) -> None:
    """Write a result down, behind those that are whole."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    path.write_text(f"{whole}{json.dumps(asdict(result))}\n", encoding="utf-8")


def search(method: str, seed: int, spec: CompiledSpace, out: Path, device: str) -> Result:
    """Run one search, or go on with it."""
    folder = out / f"{method}-seed{seed}-{spec.hash[:8]}"
    resume = folder.is_dir() and any(folder.iterdir())
    try:
        run = dslnas.search(spec, folder, seed=seed, device=device, resume=resume)
        cell = dslnas.convert(run.path, "nas-bench-201").strip()
    except UserError as error:
        return Result(method, seed, spec.hash, error=error.diagnostics[0].text)
    return Result(method, seed, spec.hash, cell)


def results_of(
    methods: Sequence[str], seeds: int, settings: Sequence[str], out: Path, device: str
) -> Iterator[Result]:
    """Yield the results of all methods and seeds, of which some are there already.

    Raises:
        UserError: A spec is wrong.
        ValueError: The file of results is damaged.
    """
    specs = {method: compile_method(method, settings) for method in methods}
    out.mkdir(parents=True, exist_ok=True)
    path = out / RESULTS
    known = {(r.method, r.seed, r.spec_hash): r for r in read_results(path)}
    for seed in range(seeds):
        for method, spec in specs.items():
            result = known.get((method, seed, spec.hash))
            if result is None:
                print(f"{method}, seed {seed}", file=sys.stderr)
                result = search(method, seed, spec, out, device)
                add_result(path, result)
            yield result


def compile_method(method: str, settings: Sequence[str]) -> CompiledSpace:
    """Return the spec of a method with other settings."""
    spec = dslnas.compile_spec(SPEC, [f"search={method}", *settings])
    assert isinstance(spec, CompiledSpace), "the spec has choices"
    return spec


def report(results: Sequence[Result], table: Table) -> Iterator[str]:
    """Yield the lines of the table: accuracies with ranks, by method and seed."""
    seeds = sorted({result.seed for result in results})
    yield f"| method |{''.join(f' seed {seed} |' for seed in seeds)} mean | median | median rank |"
    yield f"| --- |{' ---: |' * (len(seeds) + 3)}"
    for method in dict.fromkeys(result.method for result in results):
        by_seed = {result.seed: result for result in results if result.method == method}
        cells = [_shown(by_seed.get(seed), table) for seed in seeds]
        cells += _average([table.accuracies.get(r.cell) for r in by_seed.values()], table)
        yield f"| {method} | {' | '.join(cells)} |"
    blind = [f"{table.mean:.2f}", f"{table.median:.2f}", f"{table.blind_rank:.0f}"]
    yield f"| a blind pick |{' |' * len(seeds)} {' | '.join(blind)} |"
    for result in results:
        if result.error:
            yield f"\n{result.method}, seed {result.seed}: {result.error}"


def _shown(result: Result | None, table: Table) -> str:
    if result is None or not result.cell:
        return "none" if result else ""
    accuracy = table.accuracies.get(result.cell)
    return "not listed" if accuracy is None else f"{accuracy:.2f} (#{table.rank(accuracy)})"


def _average(accuracies: Sequence[float | None], table: Table) -> list[str]:
    """Return mean, median and median rank of a method, if all of its cells are known."""
    known = [accuracy for accuracy in accuracies if accuracy is not None]
    if len(known) < len(accuracies):
        return ["", "", ""]
    rank = statistics.median(map(table.rank, known))
    return [f"{statistics.mean(known):.2f}", f"{statistics.median(known):.2f}", f"{rank:.0f}"]


def parse_arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments of the command line, or those that are given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path, help="CSV file of cells and their accuracies")
    parser.add_argument("--out", type=Path, default=Path("exported/nas_bench_201"))
    parser.add_argument("--methods", default="", help="words of the language, joined by commas")
    parser.add_argument("--seeds", type=int, default=2, help="searches of every method")
    parser.add_argument("--data", default="digits", help="source of data, such as cifar10")
    parser.add_argument("--path", default="", help="where the data lie")
    parser.add_argument("--subset", default="100%", help="share of the data")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=12, help="of the search")
    parser.add_argument("--channels", type=int, default=8, help="of the first cell")
    parser.add_argument("--repeat", type=int, default=1, help="cells of a stage")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="K=V")
    found = parser.parse_args(given)
    found.methods = found.methods.split(",") if found.methods else [*SEARCH]
    for word in found.methods:
        if word not in SEARCH:
            parser.error(f"unknown method `{word}`: {suggestion(word, SEARCH)}")
    return found


def budget(given: argparse.Namespace) -> list[str]:
    """Return the budget as overrides of the spec."""
    path = [f'data.path="{given.path}"'] if given.path else []
    return [
        f"data={given.data}",
        *path,
        f"data.subset={given.subset}",
        f"data.batch={given.batch}",
        f"evaluate.batch={given.batch}",  # nothing is trained; the data hold a batch all the same
        f"search.epochs={given.epochs}",
        f"network.channels={given.channels}",
        f"network.repeat={given.repeat}",
        *given.settings,
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Search what is missing and print the table."""
    given = parse_arguments(arguments)
    settings = budget(given)
    try:
        table = read_table(given.table)
        results = [*results_of(given.methods, given.seeds, settings, given.out, given.device)]
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    except UserError as error:
        raise SystemExit(error.render()) from None
    print(f"{SPEC.name}, {', '.join(settings)}; {len(table)} cells; {machine()}\n")
    print("\n".join(report(results, table)))


if __name__ == "__main__":
    main()
