"""Two processes with half a batch each do what one does with all of it.

The default run has what needs no processes, see `test_shares.py`.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from _pytest.mark import ParameterSet
from safetensors.torch import load_file

from dslnas.ranks import ALONE
from tests.ranks.worker import CASES, ends_in
from tests.small import SMALL
from tests.small_text import SMALL_TEXT

RATINGS = """use std.ratings
op rated(join) = join -> rating
ops joins = add, multiply, max, min, concat
ops rated_joins = rated(joins)
cell interaction {
    inputs  user, item
    node given = {rated_joins}(user, item)
    output  given
}
network { channels 4; cells interaction }
data simulated_ratings { users 20; items 15; ratings 300; batch 32 }
search darts { epochs 1 }
evaluate { channels 4; batch 32 }
"""
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what two ranks end in, and the specs that they ran."""
    place = tmp_path_factory.mktemp("ranks")
    letters = random.Random(0).choices("abcd ", k=6000)
    (place / "novel.txt").write_text("".join(letters))
    text = SMALL_TEXT.replace("subset  1%", 'path "novel.txt"; level char')
    for name, spec in (
        ("images", SMALL.replace("10%", "40%; augment resized_crop, flip")),
        ("text", text),
        ("ratings", RATINGS),
    ):
        (place / f"{name}.nas").write_text(spec)
    command = [sys.executable, "-W", "error", "-m", "tests.ranks.worker"]
    both = [
        subprocess.Popen([*command, str(rank), "2", str(place)], cwd=ROOT, stderr=subprocess.PIPE)
        for rank in range(2)
    ]
    for process in both:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()
    return place


def cases() -> Iterator[ParameterSet]:
    for space, methods in CASES.items():
        for number, (method, given) in enumerate(methods):
            yield pytest.param(space, number, id="-".join((space, method, *given)))


@pytest.mark.parametrize(("space", "number"), [*cases()])
def test_two_ranks_end_where_one_process_does(folder: Path, space: str, number: int) -> None:
    method, given = CASES[space][number]
    whole = ends_in(folder / f"{space}.nas", method, given, ALONE)
    first, second = (
        load_file(folder / f"{space}-{number}-{rank}.safetensors") for rank in range(2)
    )
    assert whole.keys() == first.keys() == second.keys()
    for name, tensor in whole.items():
        assert torch.equal(first[name], second[name]), name
        close = torch.testing.assert_close
        close(first[name], tensor, rtol=1e-9, atol=1e-9, msg=partial("{}: {}".format, name))
