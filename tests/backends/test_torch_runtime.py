"""How networks run: on what, through which passes, how precisely."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from dslnas.backends.torch.kernels.availability import available, without_loops
from dslnas.backends.torch.kernels.kernel_args import Kernel
from dslnas.backends.torch.losses import BatchOutput, run_batch
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.backends.torch.tensor_float import (
    EVERYTHING,
    NOTHING,
    TensorFloat,
    tensor_float,
    without_tensor_float,
)
from dslnas.engines.catalogue import make_engine
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.passes.manager import USUAL
from dslnas.ranks import Ranks
from dslnas.settings.gradient_methods import DartsSettings
from dslnas.settings.precision import Precision
from tests.engines.small import CPU, TEXTS, batch, segment, space

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.mark.skipif(not available(), reason="numba is not installed")
@pytest.mark.parametrize(
    ("kernel", "left_out"),
    [
        ("separable_conv", {"separable", "fuse_reads"}),
        ("pointwise_conv", {"fuse_concats"}),
        ("mix", set()),
    ],
)
def test_a_pass_runs_where_its_own_kernel_has_loops(kernel: Kernel, left_out: set[str]) -> None:
    with without_loops(kernel):
        assert set(USUAL) - set(Runtime(CPU).paying) == left_out


def supernet_with(runtime: Runtime, name: str) -> Supernet:
    searched = space(TEXTS[name])
    graph = build_supernet_graph(searched)
    supernet = Supernet(searched, graph, torch.Generator().manual_seed(0), runtime)
    supernet.network.train()
    return supernet


def alphas_of(supernet: Supernet) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        cell: torch.rand((len(t.rows), t.width), generator=generator, dtype=supernet.dtype)
        .to(supernet.device)
        .requires_grad_()
        for cell, t in supernet.tables.items()
    }


def test_a_network_is_placed_as_the_runtime_says() -> None:
    supernet = supernet_with(Runtime(CPU, ("share_equal",), "compile", "float64"), "uneven")
    assert (supernet.device, supernet.dtype) == (CPU, torch.float64)
    network = supernet.network
    assert (network.passes, network.torch_compile, network.is_mixed) == (
        ("share_equal",),
        True,
        False,
    )
    assert {tensor.dtype for tensor in network.state_dict().values()} == {torch.float64}


def test_a_manifest_has_all_of_it() -> None:
    assert Runtime(CPU).facts() == {
        "device": "cpu",
        "passes": USUAL,
        "execution": "eager",
        "precision": "float32",
        "batch_norm": "together",
        "processes": 1,
    }
    assert Runtime(torch.device("cuda:1"), (), "compile+graphs", "bfloat16").facts() == {
        "device": "cuda:1",
        "passes": (),
        "execution": "compile+graphs",
        "precision": "bfloat16",
        "batch_norm": "together",
        "processes": 1,
    }
    shared = Runtime(torch.device("cuda:1"), ranks=Ranks(1, 4, synchronised=False)).facts()
    found = [shared[name] for name in ("device", "batch_norm", "processes")]
    assert found == ["cuda", "apart", 4], "each process has another GPU"


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["darts", "uneven", "recurrent"])
def test_mixed_precision_is_close_and_keeps_what_is_learnt_in_float32(
    name: str, device: str
) -> None:
    given = segment(1) if name == "recurrent" else batch(1, size=32, dtype=torch.float32)
    given.inputs = {name: tensor.to(device) for name, tensor in given.inputs.items()}
    given.targets = given.targets.to(device)
    losses, gradients = {}, {}
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    for precision in precisions:
        supernet = supernet_with(Runtime(torch.device(device), precision=precision), name)
        alphas, weights = alphas_of(supernet), supernet.weights()
        loss = supernet.loss(given, Mixing(alphas), regularised=True)
        found = torch.autograd.grad(loss, [*alphas.values(), *weights], allow_unused=True)
        tensors = [
            loss,
            *(g for g in found if g is not None),
            *supernet.network.state_dict().values(),
        ]
        assert {tensor.dtype for tensor in tensors} == {torch.float32}
        losses[precision] = loss.item()
        gradients[precision] = torch.cat([g.flatten() for g in found if g is not None])
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.02)
    assert losses["bfloat16"] != losses["float32"]
    one, other = gradients.values()
    assert torch.cosine_similarity(one, other, dim=0) > 0.9


@pytest.mark.parametrize("name", ["darts", "recurrent"])
def test_what_is_observed_or_chosen_runs_in_mixed_precision_too(name: str) -> None:
    supernet = supernet_with(Runtime(CPU, precision="bfloat16"), name)
    chosen = {
        cell: tuple(columns[0] for columns in t.candidates) for cell, t in supernet.tables.items()
    }
    given = segment(1) if name == "recurrent" else batch(1, dtype=torch.float32)
    weights = alphas_of(supernet)
    loss = supernet.loss(given, Mixing(weights, chosen, observe=True))
    assert all(g.isfinite().all() for g in torch.autograd.grad(loss, [*weights.values()]))


def test_measured_logits_are_float32() -> None:
    supernet = supernet_with(Runtime(CPU, precision="bfloat16"), "uneven")
    supernet.network.eval()
    with torch.inference_mode():
        found = run_batch(supernet.network, batch(1, dtype=torch.float32), alphas_of(supernet))
    assert found.logits.dtype is torch.float32


@pytest.mark.parametrize(
    ("hessian", "mixed"),
    [("difference", [True, True, False, False, True]), ("exact", [False, True, True])],
)
def test_products_with_the_hessian_are_made_in_float32(
    hessian: str, mixed: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    supernet = supernet_with(Runtime(CPU, precision="bfloat16"), "skipped")
    passes: list[bool] = []
    run = Supernet._run

    def noted(self: Supernet, *how: Any, **others: Any) -> BatchOutput:
        passes.append(self.network.is_mixed)
        return run(self, *how, **others)

    monkeypatch.setattr(Supernet, "_run", noted)
    settings = DartsSettings.model_validate({"order": "second", "hessian": hessian})
    engine = make_engine(supernet, settings, torch.Generator().manual_seed(0))
    engine.start_epoch(0)
    engine.step(batch(1, dtype=torch.float32), batch(2, dtype=torch.float32))
    assert passes == mixed


def test_tf32_is_left_out_for_a_while_and_then_as_it_was() -> None:
    before = tensor_float()
    try:
        for flags in (TensorFloat(False, True), EVERYTHING):
            flags.apply()
            with without_tensor_float():
                assert tensor_float() == NOTHING
            assert tensor_float() == flags
    finally:
        before.apply()
