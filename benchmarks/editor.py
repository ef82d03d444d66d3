"""How long an editor waits: completions, explanations and mistakes in a spec of 300 lines.

The spec is changed at places spread over it, one word half-written, as if somebody typed there, so
each answer is about a text that was never seen. Where names and values are right, which is told at
once, shapes follow. Seconds are those that the processor gives to the program.

    python benchmarks/editor.py
    python benchmarks/editor.py --turns 5
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from dslnas.app.editor import look_seldom_for_cycles, verdict, verdicts
from dslnas.editor.completion import completions
from dslnas.editor.document import Document, Verdict
from dslnas.editor.hover import hover
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS
from measuring import machine
from workloads import SPECS

LINES = 300
WANTED = 0.1
"""Seconds within which half of the answers of each kind should come."""

_CELL = """
op block{n}(k, ratio = 4) = conv(1, out = C / ratio) -> batch_norm -> relu -> conv(k) -> batch_norm

cell cell{n} {{
    inputs      2
    preprocess  preprocess
    node a = {{block{n}(3), sep_conv(3), skip_connect}}(in1) + {{max_pool(3), sep_conv(5)}}(in2)
    node b = {{block{n}(5), dil_conv(3), skip_connect}}(a) + sep_conv(3)(in2)
    output      concat(a, b)
}}
"""


def spec_text() -> str:
    """Return a spec of 300 lines that is right."""
    start = (SPECS / "digits_darts.nas").read_text(encoding="utf-8")
    text, number = start, 0
    while text.count("\n") + 13 <= LINES:
        text, number = f"{text}{_CELL.format(n=number)}", number + 1
    names = ", ".join(f"cell{n}" for n in range(number))
    text = re.sub(r"(\n    cells .*)", rf"\1, {names}", text, count=1)
    lines = "".join(f"# line {n}\n" for n in range(LINES - text.count("\n")))
    return format_program(parse(SourceFile("spec.nas", lines + text)))


def typed(text: str, turns: int) -> Iterator[tuple[str, int]]:
    """Yield texts with a half-written word, and where it ends."""
    words = [match for match in re.finditer(r"(?<=[ (])[a-z_]{4,}", text)]
    for place in range(turns):
        word = words[len(words) * place // turns]
        end = word.start() + 2
        yield f"{text[:end]}{text[word.end() :]}", end


def waits(turns: int) -> dict[str, list[float]]:
    """Return the seconds that each kind of answer takes."""
    text = spec_text()
    good = verdict(SourceFile("spec.nas", text))
    if good.program is None:
        raise SystemExit(good.mistakes[0].render())
    assert good.places, "the server knows them before it is asked"
    found: dict[str, list[float]] = {}

    def take(kind: str, answer: Callable[[], object]) -> None:
        found.setdefault(kind, []).append(_spent(answer))

    for number, (written, offset) in enumerate(typed(text, turns)):
        for kind, ask in (("completion", completions), ("explanation", hover)):
            take(kind, partial(_asked, ask, written, offset, good))
        take("mistakes", partial(verdict, SourceFile("spec.nas", written)))
        right = SourceFile("spec.nas", f"{text}# {number}\n")
        take("no mistakes", partial(next, verdicts(right)))
        take("shapes too", partial(verdict, right))
    return found


def _spent(answer: Callable[[], object]) -> float:
    """Return the seconds that the processor gives to an answer."""
    begin = time.process_time()
    answer()
    return time.process_time() - begin


def _asked(ask: Callable[[Document, int], object], text: str, offset: int, good: Verdict) -> object:
    return ask(Document(SourceFile("spec.nas", text), TASK_SETTINGS, good), offset)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=30, help="places that are typed at")
    given = parser.parse_args(arguments)
    look_seldom_for_cycles()
    print(machine())
    print(f"a spec of {spec_text().count(chr(10))} lines, {given.turns} places")
    for kind, seconds in waits(given.turns).items():
        median = statistics.median(seconds)
        print(f"{kind:12} {1000 * median:6.0f} ms, {median / WANTED:4.2f} of what is wanted")


if __name__ == "__main__":
    main()
