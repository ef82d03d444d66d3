"""Small work runs in one thread, and the setting comes back."""

from __future__ import annotations

import pytest
import torch

from dslnas.backends.torch.threads import SMALL, threads_for
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.texts import Ptb
from tests.loading import TEXT
from tests.spaces import space_of
from tests.training.tiny_text import text_space


@pytest.mark.parametrize(("flops", "small"), [(SMALL - 1, True), (SMALL, False)])
def test_small_work_runs_in_one_thread(flops: int, small: bool) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with threads_for(flops):
            assert torch.get_num_threads() == (1 if small else 2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_published_recurrent_network_is_no_small_work() -> None:
    paper, data = space_of("use papers.darts_rnn", (), classes=10000), Ptb()
    assert build_supernet_graph(paper).flops() * data.batch * TEXT.steps(data) > SMALL
    assert build_supernet_graph(text_space()).flops() * 8 * 20 < SMALL
