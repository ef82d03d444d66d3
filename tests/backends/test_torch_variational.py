"""Variational dropout: one mask for all steps of a sequence, another one for each sequence."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.graph.lower.network import build_derived_graph
from dslnas.ops.catalogue import PRIMITIVES
from tests.graph_text import parse_graph
from tests.primitives import VARIATIONAL
from tests.spaces import architecture_of

KINDS = {PRIMITIVES[name].run_mask: name for name in VARIATIONAL}


def dropping(primitive: str, width: int = 50) -> SequenceNetwork:
    """Return a network that gives what a dropout makes of ones."""
    graph = parse_graph(
        f"""input = input : token
        stem/e = embedding(out={width}, words=2) input : {width}
        scope cell0 = cell "one"
        cell0/h = state(out={width}) : {width}
        cell0/d = {primitive} stem/e : {width}
        cell0/a = add cell0/d, cell0/h : {width}
        cell0/s = subtract cell0/a, cell0/h : {width}
        head/i = identity cell0/s : {width}
        carry cell0/h = cell0/a
        output head/i"""
    )
    made = SequenceNetwork(graph, torch.Generator()).double()
    made.get_parameter("stem/e/weight").data.fill_(1.0)
    made.run_state.generator = torch.Generator().manual_seed(0)
    return made


def dropped(made: SequenceNetwork, steps: int = 4, batch: int = 40) -> Tensor:
    with torch.no_grad():
        return made.run(torch.zeros((steps, batch), dtype=torch.long)).logits.round(decimals=6)


@pytest.mark.parametrize("rate", KINDS)
@pytest.mark.parametrize("plain", [True, False])
def test_a_sequence_has_one_mask_for_all_steps(rate: str, plain: bool) -> None:
    made = dropping(KINDS[rate])
    made.plain = plain
    made.run_state.dropout = {rate: 0.25}
    found = dropped(made)
    assert torch.equal(found, found[:1].expand_as(found))
    assert sorted(set(found.flatten().tolist())) == pytest.approx([0, 1 / 0.75], abs=1e-5)
    assert found[0].mean().item() == pytest.approx(1, abs=0.05)  # of 2,000 values
    masks = {tuple(row.tolist()) for row in found[0]}
    assert len(masks) == 40, "no two sequences have the same mask"


@pytest.mark.parametrize("rate", KINDS)
def test_every_run_has_a_new_mask_and_a_seed_the_same(rate: str) -> None:
    made = dropping(KINDS[rate])
    made.run_state.dropout = {rate: 0.5}
    first, second = dropped(made), dropped(made)
    assert not torch.equal(first, second)
    assert made.run_state.generator is not None
    made.run_state.generator.manual_seed(0)
    assert torch.equal(dropped(made), first)


@pytest.mark.parametrize("rate", [*KINDS, "words"])
def test_nothing_is_dropped_in_evaluation_mode_or_at_another_rate(rate: str) -> None:
    made = dropping(KINDS.get(rate, "identity"))
    made.run_state.dropout = {rate: 0.5}
    assert bool((dropped(made.eval()) == 1).all())
    made.run_state.dropout = {other: 0.5 for other in KINDS if other != rate}
    assert bool((dropped(made.train()) == 1).all())


def test_whole_words_are_dropped_wherever_they_stand() -> None:
    graph = parse_graph(
        """input = input : token
        stem/e = embedding(out=3, words=400) input : 3
        scope cell0 = cell "one"
        cell0/h = state(out=3) : 3
        cell0/a = add stem/e, cell0/h : 3
        head/i = identity stem/e : 3
        carry cell0/h = cell0/a
        output head/i"""
    )
    made = SequenceNetwork(graph, torch.Generator()).double()
    made.get_parameter("stem/e/weight").data.fill_(1.0)
    made.run_state.generator = torch.Generator().manual_seed(0)
    made.run_state.dropout = {"words": 0.25}
    tokens = torch.arange(400).view(20, 20)
    with torch.no_grad():
        found = made.run(torch.cat([tokens, tokens])).logits
    assert torch.equal(found[:20], found[20:]), "a word is dropped everywhere or nowhere"
    kept = found[:20] != 0
    assert torch.equal(kept.any(-1), kept.all(-1))
    assert kept.double().mean().item() == pytest.approx(0.75, abs=0.08)
    torch.testing.assert_close(found[:20][kept], torch.full_like(found[:20][kept], 1 / 0.75))


@pytest.mark.parametrize("cell", ["lstm", "gru", "darts_v1"])
def test_masks_are_the_same_however_the_loop_is_divided(cell: str) -> None:
    architecture = architecture_of(f"use rnn.{cell}\nevaluate {{ channels 4 }}\n", (), classes=7)
    made = SequenceNetwork(
        build_derived_graph(architecture), torch.Generator().manual_seed(0)
    ).double()
    rates = {"words": 0.2, "embedded": 0.2, "input": 0.5, "state": 0.25, "output": 0.5}
    made.run_state.dropout = rates
    tokens = torch.randint(7, (5, 3), generator=torch.Generator().manual_seed(1))
    found = []
    for plain in (True, False):
        made.plain = plain
        made.run_state.generator = torch.Generator().manual_seed(2)
        found.append(made.run(tokens).logits)
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-12)
