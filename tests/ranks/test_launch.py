"""Launched processes: which one each is, and what all of them agree on."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist

from dslnas.data.streaming import is_streamed
from dslnas.data.workers import usual_workers
from dslnas.diagnostics import UserError
from dslnas.launch import Launch, launched
from dslnas.ranks import ALONE, Ranks

MEETING = {"MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", *MEETING):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_without_a_launcher_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, WORLD_SIZE="4")  # some clusters set it for programs of other kinds
    assert launched() == Launch()
    assert launched().is_alone
    assert launched().writes


def test_a_launcher_tells_which_process_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    given(monkeypatch, **own, **MEETING)
    assert launched() == Launch(3, 4, 1, 2)
    assert not launched().writes


def test_processes_on_a_machine_share_its_memory_and_its_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dslnas.data.streaming.memory_bytes", lambda: 800)
    monkeypatch.setattr("dslnas.data.workers.MOST_WORKERS", 10**6)
    given(monkeypatch)
    alone = usual_workers()
    assert not is_streamed("large", 200)
    given(monkeypatch, RANK="0", WORLD_SIZE="4", LOCAL_WORLD_SIZE="2", **MEETING)
    assert usual_workers() == max(1, alone // 2)
    assert not is_streamed("large", 100)
    assert is_streamed("large", 101)


@pytest.mark.parametrize(("rank", "size"), [("4", "4"), ("one", "4"), ("-1", "4"), ("0", "")])
def test_a_launch_that_makes_no_sense_is_an_error(
    monkeypatch: pytest.MonkeyPatch, rank: str, size: str
) -> None:
    given(monkeypatch, RANK=rank, WORLD_SIZE=size, **MEETING)
    with pytest.raises(UserError, match=f"NAS734.*RANK is `{rank}`, WORLD_SIZE is `{size}`"):
        launched()


def test_one_process_agrees_with_itself() -> None:
    assert ALONE.any(True)
    assert not ALONE.any(False)
    assert ALONE.files({"a": b"b", "c": b""}) == {"a": b"b", "c": b""}
    assert ALONE.spread(float, [3, 1]) == [3.0, 1.0]
    ALONE.check_same("", "now")


def test_ranks_that_do_different_things_do_not_ask_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[torch.Tensor] = []
    monkeypatch.setattr(dist, "all_reduce", asked.append)
    ranks = Ranks(1, 2)
    assert ranks.any(True)
    assert len(asked) == 1
    wishes: list[bool] = []

    def work(item: int) -> float:
        wishes.append(ranks.any(True))
        return item

    assert ranks.spread(work, [5, 6, 7]) == [0.0, 6.0, 0.0], "the other's are added by all_reduce"
    assert wishes == [False]
    assert len(asked) == 2
    assert ranks.any(True)


def test_ranks_that_have_come_apart_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gather(found: list[torch.Tensor], own: torch.Tensor) -> None:
        for place, hash_ in zip(found, (own, own, own + 1), strict=True):
            place.copy_(hash_)

    monkeypatch.setattr(dist, "all_gather", gather)
    with pytest.raises(UserError, match=r"NAS731.*after epoch 2, alpha or weights of rank 2 are"):
        Ranks(0, 3).check_same("x", "after epoch 2")


def test_sums_keep_types_and_places(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[torch.dtype] = []

    def double(flat: torch.Tensor) -> None:
        sent.append(flat.dtype)
        flat.mul_(2)

    monkeypatch.setattr(dist, "all_reduce", double)
    loss, rows = torch.tensor(1.5, dtype=torch.float64), torch.ones(2, 3)
    found = Ranks(0, 2).sums([loss, None, rows, rows[0]])
    assert found[1] is None
    for tensor, expected in zip(found[::2], (loss, rows), strict=True):
        assert tensor is not None
        torch.testing.assert_close(tensor, 2 * expected)
    assert sent == [torch.float64, torch.float32]
