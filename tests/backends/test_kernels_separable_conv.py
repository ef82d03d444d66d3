from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import available, without_loops
from dslnas.backends.torch.kernels.norm import Norm, Rule
from dslnas.backends.torch.kernels.separable_conv import Reading, separable_conv
from dslnas.backends.torch.kernels.separable_conv_call import Member
from dslnas.backends.torch.kernels.window import Window
from dslnas.backends.torch.threads import threads
from tests.examples import examples

needs_numba = pytest.mark.skipif(not available(), reason="numba is not installed")
SIZES = st.one_of(st.integers(1, 11), st.sampled_from([8, 16]))


@st.composite
def _bundles(draw: st.DrawFn) -> tuple[tuple[Member, ...], tuple[int, ...], int]:
    """Return members that give one size, the shape of their inputs, and the channels they give."""
    stride, height, width = draw(st.sampled_from([1, 1, 2, 3])), draw(SIZES), draw(SIZES)
    found: list[Member] = []
    kernels = st.sampled_from([(1, 1), (3, 3), (5, 5), (3, 1), (2, 3), (9, 9)])
    for kernel, dilation in draw(st.lists(st.tuples(kernels, st.integers(1, 2)), min_size=1)):
        high, wide = (dilation * (size - 1) for size in kernel)
        padding = (high + 1) // 2, (wide + 1) // 2 + draw(st.integers(0, 1))
        window = Window(kernel, (stride, stride), padding, (dilation, dilation))
        sizes = {m.window.output(height, width) for m in found} | {window.output(height, width)}
        if len(sizes) == 1:
            last = found[-1].source if found else -1
            found.append(Member(window, last + (last < 0 or draw(st.booleans()))))
    shape = draw(st.integers(1, 4)), draw(st.sampled_from([1, 3, 8, 17, 72])), height, width
    return tuple(found), shape, draw(st.sampled_from([1, 5, 8, 20, 72]))


def _tensors(
    members: tuple[Member, ...], shape: tuple[int, ...], outs: int, dtype: torch.dtype
) -> list[list[Tensor]]:
    torch.manual_seed(0)
    inputs = [torch.randn(shape, dtype=dtype) for _ in range(members[-1].source + 1)]
    kernels = [torch.randn(shape[1], 1, *m.window.kernel, dtype=dtype) for m in members]
    matrices = [torch.randn(outs, shape[1], 1, 1, dtype=dtype) for _ in members]
    return [[t.requires_grad_() for t in row] for row in (inputs, kernels, matrices)]


def _expected(
    member: Member, inputs: list[Tensor], kernel: Tensor, matrix: Tensor, reading: Reading
) -> Tensor:
    w = member.window
    x, groups = inputs[member.source], len(kernel)
    if reading.norms:
        mean, variance, scale, offset = reading.norms[member.source]
        training, momentum, eps = reading.rule.training, reading.rule.momentum, reading.rule.eps
        running = mean.clone(), variance.clone()
        x = functional.batch_norm(x, *running, scale, offset, training, momentum, eps)
    x = functional.relu(x) if reading.relu else x
    between = functional.conv2d(x, kernel, None, w.stride, w.padding, w.dilation, groups)
    return functional.conv2d(between, matrix)


def _norm(channels: int, dtype: torch.dtype, *, affine: bool) -> Norm:
    mean, variance, *trained = (torch.rand(channels, dtype=dtype) for _ in range(2 + 2 * affine))
    return Norm(mean, variance, *(tensor.sub_(0.3).requires_grad_() for tensor in trained))


@pytest.mark.parametrize("form", ["compiled", "torch"])
@settings(max_examples=examples(40))
@given(
    _bundles(),
    st.sampled_from([torch.float64, torch.float32]),
    st.sampled_from("xw*"),
    st.booleans(),
    st.sampled_from([None, False, True]),
    st.booleans(),
)
def test_results_and_gradients_are_those_of_two_convolutions(
    form: str,
    bundle: tuple[tuple[Member, ...], tuple[int, ...], int],
    dtype: torch.dtype,
    wanted: str,
    relu: bool,
    affine: bool | None,
    training: bool,
) -> None:
    if form == "compiled" and not available():
        pytest.skip("numba is not installed")
    members, shape, outs = bundle
    inputs, kernels, matrices = _tensors(members, shape, outs, dtype)
    reading = Reading(relu)
    if affine is not None and inputs[0].numel() > shape[1]:
        norms = tuple(_norm(shape[1], dtype, affine=affine) for _ in inputs)
        reading = Reading(relu, norms, Rule(0.1, 0.5, training, tracking=True))
    trained = [tensor for norm in reading.norms for tensor in norm[2:] if tensor is not None]
    weights = [*kernels, *matrices, *trained]
    for tensor in inputs if wanted == "w" else weights if wanted == "x" else []:
        tensor.requires_grad_(False)
    of = [tensor for tensor in [*inputs, *weights] if tensor.requires_grad]
    theirs = [
        _expected(member, inputs, kernel, matrix, reading)
        for member, kernel, matrix in zip(members, kernels, matrices, strict=True)
    ]
    with without_loops(*(("separable_conv",) if form == "torch" else ())):
        ours = separable_conv(members, inputs, kernels, matrices, reading)
    gradients = [torch.randn_like(result) for result in theirs]
    found = [*map(Tensor.detach, ours), *torch.autograd.grad(ours, of, gradients)]
    expected = [*map(Tensor.detach, theirs), *torch.autograd.grad(theirs, of, gradients)]
    for our, their in zip(found, expected, strict=True):
        most = (1e-4 if dtype == torch.float32 else 1e-11) * max(1.0, float(their.abs().max()))
        assert float((our - their).abs().max()) <= most


@needs_numba
def test_a_relu_stops_what_is_infinite() -> None:
    x = torch.full((1, 8, 3, 3), -math.inf, requires_grad=True)
    kernel, matrix = torch.ones(8, 1, 3, 3), torch.ones(8, 8, 1, 1)
    member = Member(Window((3, 3), (1, 1), (1, 1), (1, 1)), 0)
    (y,) = separable_conv((member,), [x], [kernel], [matrix], Reading(relu=True))
    (gradient,) = torch.autograd.grad(y, x, torch.full_like(y, math.inf))
    assert not y.any()
    assert not gradient.any()


@needs_numba
def test_results_are_equal_bit_for_bit_on_any_number_of_threads() -> None:
    window = Window((3, 3), (1, 1), (2, 2), (2, 2))
    members = Member(window, 0), Member(window, 0), Member(window, 1)
    rows = _tensors(members, (5, 6, 9, 9), 7, torch.float32)
    found = []
    for number in (1, 2, 3):
        with threads(number):
            results = separable_conv(members, rows[0], rows[1], rows[2])
            of = [tensor for row in rows for tensor in row]
            found.append([*results, *torch.autograd.grad(results, of, [r * r for r in results])])
    for other in found[1:]:
        assert all(map(torch.equal, found[0], other))


@needs_numba
def test_running_statistics_follow_once_and_what_is_read_is_not_kept() -> None:
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    inputs, kernels, matrices = _tensors((Member(window, 0),), (2, 4, 5, 5), 4, torch.float64)
    norm, expected = _norm(4, torch.float64, affine=True), _norm(4, torch.float64, affine=False)
    expected.mean.copy_(norm.mean)
    expected.variance.copy_(norm.variance)
    functional.batch_norm(inputs[0], *expected[:2], training=True, momentum=0.2)
    reading = Reading(True, (norm,), Rule(0.2, 1e-5, training=True, tracking=True))
    kept: list[int] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        (result,) = separable_conv((Member(window, 0),), inputs, kernels, matrices, reading)
    torch.autograd.grad(result.pow(2).sum(), kernels)
    assert sum(kept) == sum(t.numel() for t in (*inputs, *kernels, *matrices))
    torch.testing.assert_close(norm.mean, expected.mean)
    torch.testing.assert_close(norm.variance, expected.variance)


@needs_numba
def test_norms_that_share_their_statistics_move_them_one_after_the_other() -> None:
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    members = Member(window, 0), Member(window, 1)
    inputs, kernels, matrices = _tensors(members, (2, 4, 5, 5), 4, torch.float64)
    norm = _norm(4, torch.float64, affine=False)
    mean, variance = norm.mean.clone(), norm.variance.clone()
    for x in inputs:
        functional.batch_norm(x, mean, variance, training=True, momentum=0.2)
    reading = Reading(True, (norm, norm), Rule(0.2, 1e-5, training=True, tracking=True))
    separable_conv(members, inputs, kernels, matrices, reading)
    torch.testing.assert_close(norm.mean, mean)
    torch.testing.assert_close(norm.variance, variance)


@needs_numba
def test_gradients_of_weights_alone_keep_no_input_and_those_of_inputs_do_without() -> None:
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    inputs, kernels, matrices = _tensors((Member(window, 0),), (2, 4, 5, 5), 4, torch.float32)
    kept: list[int] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        separable_conv((Member(window, 0),), inputs, kernels, matrices)
        with_weights = sum(kept)
        kept.clear()
        frozen = [[t.detach() for t in row] for row in (kernels, matrices)]
        separable_conv((Member(window, 0),), inputs, frozen[0], frozen[1])
    assert with_weights - sum(kept) == inputs[0].numel()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(Member(Window((3, 3), (2, 2), (1, 1), (1, 1)), 1), id="other stride"),
        pytest.param(Member(Window((3, 3), (1, 1), (0, 0), (1, 1)), 1), id="other size"),
        pytest.param(Member(Window((3, 3), (1, 1), (1, 1), (1, 1)), 2), id="no such input"),
        pytest.param(Member(Window((3, 3), (1, 1), (1, 1), (1, 1)), 0), id="an input unread"),
    ],
)
def test_what_does_not_fit_together_is_refused(wrong: Member) -> None:
    right = Member(Window((3, 3), (1, 1), (1, 1), (1, 1)), 0)
    members = right, replace(right, source=1)
    inputs, kernels, matrices = _tensors(members, (2, 4, 5, 5), 4, torch.float32)
    with pytest.raises(ValueError, match="other shapes"):
        separable_conv((right, wrong), inputs, kernels, matrices)
    with pytest.raises(ValueError, match="other shapes"):
        separable_conv(members[::-1], inputs, kernels, matrices)


@needs_numba
def test_it_is_differentiated_once_only() -> None:
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    inputs, kernels, matrices = _tensors((Member(window, 0),), (2, 4, 5, 5), 4, torch.float64)
    (result,) = separable_conv((Member(window, 0),), inputs, kernels, matrices)
    with pytest.raises(RuntimeError, match="only once"):
        torch.autograd.grad(result.pow(2).sum(), kernels, create_graph=True)


@needs_numba
def test_sums_of_products_are_what_their_equation_says() -> None:
    import numba
    import numpy as np

    from dslnas.backends.torch.kernels import (
        separable_conv_args,
        simd_products,
        simd_windows,
        vectors,
    )

    write, add = simd_windows.write_windows, simd_windows.add_places
    product = simd_products.add_tile_2
    lanes, tile = vectors.BYTES // 8, simd_products.TILE

    @numba.njit
    def run(sums, x, w, places, offsets, turns, w_turns):  # type: ignore[no-untyped-def]
        write(sums, 1, places, 2, x, 3, offsets, 1, turns, 4, w, 2, w_turns)
        add(sums, 1, places, 2, x, 3, offsets, 1, turns, 4, w, 2, w_turns)
        product(sums, 1, places, 2, x, 3, 5, 7, 4, w, 2, 11)

    random = np.random.default_rng(0)
    x, w = random.normal(size=600), random.normal(size=600)
    places, offsets, turns, w_turns = (random.permutation(12) * 16 for _ in range(4))
    sums, expected, along = np.zeros(300), np.zeros(300), np.arange(lanes)
    for rows in (separable_conv_args.ROWS, separable_conv_args.PLACES):
        for i in range(rows):
            at = 1 + places[2 + i] + along
            products = [
                x[3 + offsets[1 + i] + turns[t] + along] * w[2 + w_turns[t] + along]
                for t in range(4)
            ]
            begin = expected[at] if rows == separable_conv_args.PLACES else 0.0
            expected[at] = begin + sum(products)
    for i, v in np.ndindex(tile, 2):
        expected[1 + places[2 + i] + v * lanes + along] += sum(
            x[3 + i * 5 + t * 7] * w[2 + t * 11 + v * lanes + along] for t in range(4)
        )
    run(sums, x, w, places, offsets, turns, w_turns)
    np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-12)


@needs_numba
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("normalise", [False, True])
def test_images_are_laid_and_their_gradients_taken_as_equations_say(
    normalise: bool, relu: bool
) -> None:
    import numba
    import numpy as np

    from dslnas.backends.torch.kernels import simd_pixels, vectors

    names = (f"{verb}{'_norm' * normalise}{'_relu' * relu}" for verb in ("lay", "take"))
    lay, take = (getattr(simd_pixels, name) for name in names)
    lanes = vectors.BYTES // 8

    @numba.njit
    def run(space, places, x, rows, result, total, sums):  # type: ignore[no-untyped-def]
        lay(space, places, 5, 1, x, 3, lanes, rows, 0, lanes)
        take(result, 3, lanes, total, 1, lanes, 5, space, 0, places, x, rows, 0, sums, 0, lanes)

    random = np.random.default_rng(0)
    places = random.permutation(8) * lanes
    space, result, total = (random.normal(size=9 * lanes) for _ in range(3))
    x, rows, sums = (random.normal(size=size * lanes) for size in (6, 2, 2))
    read, slope, offset = x[3 : 3 + 5 * lanes].reshape(5, lanes), rows[:lanes], rows[lanes:]
    laid = slope * read + offset if normalise else read
    laid = np.maximum(laid, 0) if relu else laid
    g = total[1 : 1 + 5 * lanes].reshape(5, lanes) * ((laid > 0) if relu else 1)
    expected = sums + normalise * np.concatenate([g.sum(0), (g * (read - slope)).sum(0)])
    run(space, places, x, rows, result, total, sums)
    for place, row in zip(places, laid, strict=False):
        np.testing.assert_allclose(space[place : place + lanes], row, atol=1e-12)
    np.testing.assert_allclose(result[3 : 3 + 5 * lanes].reshape(5, lanes), g, atol=1e-12)
    np.testing.assert_allclose(sums, expected, atol=1e-12)


@needs_numba
@pytest.mark.parametrize("taps", [3, 5])
def test_windows_slide_as_their_equations_say(taps: int) -> None:
    import numba
    import numpy as np

    from dslnas.backends.torch.kernels import separable_conv_args, simd_windows, vectors

    names = (f"write_sliding_{taps}", f"add_turned_{taps}", f"write_turned_{taps}")
    forward, turned, written = (getattr(simd_windows, name) for name in names)
    kernel, lanes, rows = simd_windows.add_kernel_3, vectors.BYTES // 8, separable_conv_args.ROWS

    @numba.njit
    def run(first, second, third, sums, x, w):  # type: ignore[no-untyped-def]
        forward(first, 1, lanes, x, 3, lanes, 90, 2, w, 2, lanes)
        turned(second, 1, lanes, x, 3 + 5 * lanes, lanes, 90, 2, w, 2, lanes)
        written(third, 1, lanes, x, 3 + 5 * lanes, lanes, 90, 2, w, 2, lanes)
        kernel(sums, 1, lanes, x, 3, lanes, 90, w, 2, 8)

    random, along = np.random.default_rng(0), np.arange(lanes)
    x, w = random.normal(size=600), random.normal(size=600)
    first, second, third, sums = (np.ones((rows + 2) * lanes) for _ in range(4))
    run(first, second, third, sums, x, w)
    for i in range(rows):
        at, places = 1 + i * lanes + along, [(r, t) for r in range(2) for t in range(taps)]
        weights = [w[2 + (r * taps + t) * lanes + along] for r, t in places]
        read = [x[3 + r * 90 + (i + t) * lanes + along] for r, t in places]
        back = [x[3 + r * 90 + (5 + i - t) * lanes + along] for r, t in places]
        np.testing.assert_allclose(first[at], np.sum(np.multiply(read, weights), 0), atol=1e-12)
        expected = np.sum(np.multiply(back, weights), 0)
        np.testing.assert_allclose(second[at], 1 + expected, atol=1e-12)
        np.testing.assert_allclose(third[at], expected, atol=1e-12)
    for place in range(9):
        r, t = divmod(place, 3)
        expected = sum(
            x[3 + r * 90 + (i + t) * lanes + along] * w[2 + i * lanes + along] for i in range(8)
        )
        np.testing.assert_allclose(sums[1 + place * lanes + along], 1 + expected, atol=1e-12)
