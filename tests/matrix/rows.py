"""The rows of the matrix: what dslnas is to run with, as data."""

from __future__ import annotations

from dataclasses import dataclass, field

EXTRAS = ("fast", "heic", "lsp", "parquet", "png", "tensorboard")
"""Extras of users; those of benchmarks, docs and development need a checkout, `ray` a cluster."""

PINNED, LOWEST = "constraints.txt", "constraints-lowest.txt"

FEW_TESTS = (
    *("tests/backends/test_any_network.py", "tests/backends/test_onnx_soundness.py"),
    *("tests/backends/test_onnx_primitives.py", "tests/backends/test_kernels_mix.py"),
    *("tests/cli/test_commands.py", "tests/cli/test_predict.py", "tests/data"),
    *("tests/exporters", "tests/language", "tests/runs"),
)
"""Tests in which other packages do most: files, pictures, tables, models, loops, arguments."""
TEXT_TESTS = ("tests/cli/test_check_formats.py", "tests/data/test_text.py", "tests/language")
"""Tests of text that comes in, or goes out."""
CORE_TESTS = ("tests/graph", "tests/language", "tests/ops", "tests/space")
"""Tests of what reads no pictures."""

DIGITS, TEXT, RATINGS = "digits", "text", "ratings"


@dataclass(frozen=True)
class Environment:
    """A virtual environment with dslnas.

    Attributes:
        python: Version of Python; empty for the newest that is found.
        constraints: File that pins what is installed; empty for the newest of everything.
        extras: Extras of dslnas that are installed.
        without: Packages that are removed afterwards.
    """

    python: str = "3.11"
    constraints: str = PINNED
    extras: tuple[str, ...] = EXTRAS
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row: an environment, what is changed around it, and what runs there.

    Attributes:
        variables: Variables that are set for its commands.
        locale: Locale that they run in, which has to be known here; empty for the caller's.
        tests: Files and folders of tests.
        tasks: Data of the small runs from a spec to an export.
        other_user: Whether all runs as a user who may write neither to the checkout nor to the
            environment.
    """

    name: str
    environment: Environment = Environment()
    variables: dict[str, str] = field(default_factory=dict)
    locale: str = ""
    tests: tuple[str, ...] = FEW_TESTS
    tasks: tuple[str, ...] = (DIGITS,)
    other_user: bool = False


PLAIN = Environment()

ROWS = (
    Row("Python 3.11", PLAIN),
    *(
        Row(f"locale {name}", PLAIN, {"PYTHONUTF8": "0"}, name, TEXT_TESTS, (TEXT,))
        for name in ("C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8")
    ),
    Row("ASCII alone", PLAIN, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "C", TEXT_TESTS),
    Row("time of Kiritimati", PLAIN, {"TZ": "Pacific/Kiritimati"}, tests=("tests/runs",)),
    Row("another user", PLAIN, other_user=True),
    Row("without extras, so without numba", Environment(extras=())),
    Row(
        "without Pillow",
        Environment(without=("pillow", "pillow-heif")),
        tests=CORE_TESTS,
        tasks=(TEXT, RATINGS),
    ),
    Row("lowest of everything", Environment(constraints=LOWEST)),
    *(Row(f"Python {v}", Environment(v)) for v in ("3.12", "3.13", "3.14")),
    Row("newest of everything", Environment("", constraints="")),
)
