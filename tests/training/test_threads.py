"""Small work runs in one thread, and the setting comes back."""

from __future__ import annotations

import pytest
import torch

from dslnas.training.threads import SMALL, threads_for


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
