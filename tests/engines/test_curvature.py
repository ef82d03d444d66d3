from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import functional

from dslnas.engines.curvature import dominant_eigenvalue
from dslnas.engines.darts import Darts
from dslnas.settings.gradient_methods import DartsSettings
from tests.engines.small import batch
from tests.engines.twin import Twin, alphas_of


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def symmetric(eigenvalues: list[float], seed: int) -> Tensor:
    """Return a symmetric matrix with these eigenvalues."""
    noise = torch.randn(
        (len(eigenvalues), len(eigenvalues)),
        generator=torch.Generator().manual_seed(seed),
        dtype=torch.float64,
    )
    q: Tensor = torch.linalg.qr(noise).Q
    matrix: Tensor = q @ torch.tensor(eigenvalues, dtype=torch.float64).diag() @ q.T
    return matrix


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("eigenvalues", "dominant"),
    [
        ([5.0, 2.0, 1.0, 0.5, 0.0, -1.0], 5.0),
        ([-5.0, 2.0, 1.0, 0.5, 0.0, 3.0], -5.0),
        ([-1e-3, -2e-3, 1e-4, 0.0, 0.0, 0.0], -2e-3),
        ([4.0, 4.0, 1.0, 1.0, 1.0, 1.0], 4.0),
    ],
)
def test_the_dominant_eigenvalue_of_a_quadratic_is_found(
    eigenvalues: list[float], dominant: float, seed: int
) -> None:
    """Over two alphas together: the largest magnitude, with its sign."""
    matrix = symmetric(eigenvalues, seed)
    alphas = [torch.ones(2, 2).double().requires_grad_(), torch.ones(2).double().requires_grad_()]
    flat = torch.cat([a.flatten() for a in alphas])
    loss = flat @ matrix @ flat / 2 + flat.sum()
    found = dominant_eigenvalue(loss, alphas, generator(), iterations=500, tolerance=1e-12)
    spectrum = torch.linalg.eigvalsh(matrix)
    assert found == pytest.approx(float(spectrum[spectrum.abs().argmax()]), rel=1e-6)
    assert found == pytest.approx(dominant, rel=1e-6)


def test_a_loss_without_curvature_has_the_eigenvalue_zero() -> None:
    alpha = torch.ones(3, requires_grad=True)
    loss = (0 * alpha**2 + 2 * alpha).sum()
    assert dominant_eigenvalue(loss, [alpha], generator()) == 0.0


def test_an_alpha_that_the_loss_does_not_read_changes_nothing() -> None:
    alpha, other = (torch.ones(3).double().requires_grad_() for _ in range(2))
    loss = (alpha**2).sum() * 3
    assert dominant_eigenvalue(loss, [alpha, other], generator()) == pytest.approx(6.0)


def test_a_loss_that_reads_no_alpha_is_told() -> None:
    alpha, weight = (torch.ones(3, requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="loss does not depend on alpha"):
        dominant_eigenvalue((weight**2).sum(), [alpha], generator())


def test_of_a_supernet_it_is_that_of_the_whole_hessian() -> None:
    twin = Twin("uneven")
    engine = Darts(twin.supernet, DartsSettings(epochs=1), twin.generator)
    examples = batch(3)

    def loss_of(*alphas: Tensor) -> Tensor:
        with twin.supernet.untracked(), twin.supernet.differentiable_twice():
            return twin.supernet.loss(examples, twin.softened(alphas))

    before = [a.clone() for a in alphas_of(engine)]
    blocks = functional.hessian(loss_of, tuple(before))  # type: ignore[no-untyped-call]
    sizes = [a.numel() for a in before]
    rows = [
        torch.cat([block.reshape(size, -1) for block in row], 1)
        for row, size in zip(blocks, sizes, strict=True)
    ]
    spectrum = torch.linalg.eigvalsh(torch.cat(rows))
    dominant = float(spectrum[spectrum.abs().argmax()])

    alphas = list(engine.alphas().values())
    loss, again = engine.architecture_loss(examples), engine.architecture_loss(examples)
    assert loss is not None
    assert again is not None
    found = dominant_eigenvalue(loss, alphas, generator(), iterations=500, tolerance=1e-10)
    assert found == pytest.approx(dominant, rel=1e-5)
    roughly = dominant_eigenvalue(again, alphas, generator())
    assert roughly == pytest.approx(dominant, rel=0.05)
    assert all(torch.equal(a, b) for a, b in zip(alphas, before, strict=True))
    assert all(weight.grad is None for weight in twin.supernet.weights())
