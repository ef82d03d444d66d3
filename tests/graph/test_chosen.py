"""Choices inside of operations and around cells: what each one chosen alone computes."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.graph.analysis.plan import Choice
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.graph.slices import slice_of
from dslnas.graph.verify import verify_graph
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.engines.small import CHOSEN
from tests.spaces import space_of

WIDE_AND_DEEP = """use std.cnn
op basic = add(conv(3) -> batch_norm -> relu -> conv(3) -> batch_norm, identity) -> relu
op squeezed = multiply(identity, global_avg_pool -> conv(1, out = C_in / 2) -> conv(1, out = C_in)
    -> sigmoid)
cell block { inputs 1; node n1 = basic(in1); output n1 }
cell down { inputs 1; stride 2; widen 2; node n1 = relu_conv_bn(3)(in1); output n1 }
cell last { inputs 1; node n1 = {squeezed, conv(1) -> group_norm(2), skip_connect}(in1); output n1 }
network {
    channels {4, 8, 6}
    stem conv(3, out = C)
    cells block * {1, 2, 3}, down, {block, last} * 2
}
"""
SHARING = """use std.cnn
op expanded(k, expand) = conv(1, out = expand * C) -> batch_norm -> depthwise(k) -> relu -> conv(1)
cell one { inputs 1; node n1 = expanded({3, 7, 5}, {2, 4})(in1) + relu(in1); output n1 }
network {
    channels 4
    stem conv(3, out = C)
    cells one * 2
    head global_avg_pool -> linear(classes)
}
search darts { SETTINGS }
"""


def choices_of(space: SearchSpace) -> list[Choice]:
    """Return every combination of the alternatives of all choices."""
    sizes = [(name, size) for name, table in space.tables.items() for size in table.rows]
    found: list[Choice] = []
    for columns in product(*(range(size) for _, size in sizes)):
        each = iter(columns)
        found.append({n: tuple(next(each) for _ in t.rows) for n, t in space.tables.items()})
    return found


def alone(space: SearchSpace, choice: Choice) -> PrimitiveGraph:
    """Return the graph of a choice as a network of its own, with the operations of the search."""
    scores = {
        name: [[float(c == choice[name][row]) for c in range(n)] for row, n in enumerate(t.rows)]
        for name, t in space.tables.items()
    }
    architecture = derive(space, scores)
    fixed = SearchSpace(
        architecture.cells,
        architecture.definitions,
        architecture.constants,
        architecture.network,
        architecture.network,
    )
    return build_supernet_graph(fixed)


def some_images() -> Tensor:
    return torch.randn((3, 3, 8, 8), generator=torch.Generator().manual_seed(1)).double()


def test_a_width_and_a_depth_are_the_network_alone_with_sliced_weights() -> None:
    space = space_of(WIDE_AND_DEEP)
    graph = build_supernet_graph(space)
    verify_graph(graph)
    supernet = TorchNetwork(graph, torch.Generator().manual_seed(0)).double()
    tensors = dict(supernet.state_dict())
    for choice in choices_of(space)[::5]:
        network = TorchNetwork(alone(space, choice), torch.Generator()).double()
        depth, first, second = (choice["network"][row] for row in range(3))
        # parts of the network alone are numbered without those that were not chosen
        parts = [*range(depth + 1), 3, 4 + first, 6 + second]
        at = {f"cell{part}": f"cell{there}" for part, there in enumerate(parts)}

        sliced = {}
        for name, weight in network.graph.tensors.items():
            head, _, rest = name.partition("/")
            whole = tensors[f"{at.get(head, head)}/{rest}"]
            sliced[name] = whole[slice_of(weight.shape, tuple(whole.shape))]
        network.load_state_dict(sliced)
        images = some_images()
        expected, found = network(images)[0], supernet(images, None, choice)[0]
        assert torch.allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("text", [CHOSEN, WIDE_AND_DEEP], ids=["chosen", "wide and deep"])
def test_passes_keep_what_choices_compute(text: str) -> None:
    space = space_of(text)
    network = TorchNetwork(build_supernet_graph(space), torch.Generator().manual_seed(0)).double()
    network.run_state.tracking = False
    generator = torch.Generator().manual_seed(2)
    mixing = {
        name: torch.rand((len(t.rows), t.width), generator=generator).double().requires_grad_()
        for name, t in space.tables.items()
    }
    found = []
    for plain in (True, False):
        network.plain = plain
        (output,) = network(some_images(), mixing)
        wanted = [*mixing.values(), *network.parameters()]
        gradients = torch.autograd.grad(output.square().sum(), wanted, allow_unused=True)
        found.append([output, *(g for g in gradients if g is not None)])
    for one, other in zip(*found, strict=True):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-11)


def test_a_choice_inside_of_an_operation_weighs_by_the_product_of_its_alternatives() -> None:
    space = space_of(SHARING.replace("SETTINGS", "").replace("one * 2", "one"))
    assert space.tables["one.inner"].rows == (3, 2)
    network = TorchNetwork(build_supernet_graph(space), torch.Generator().manual_seed(0)).double()
    network.run_state.tracking = False
    images, p = some_images(), torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]], dtype=torch.float64)
    mixed = network(images, {"one.inner": p})[0]
    expected = sum(
        p[0, k] * p[1, e] * network(images, None, {"one.inner": (k, e)})[0]
        for k in range(3)
        for e in range(2)
    )
    assert torch.allclose(mixed, torch.as_tensor(expected), rtol=1e-9, atol=1e-12)


def test_shared_forms_use_the_middle_of_windows_and_the_first_channels() -> None:
    own = build_supernet_graph(space_of(SHARING.replace("SETTINGS", "")))
    graph = build_supernet_graph(space_of(SHARING.replace("SETTINGS", "sharing slices")))
    verify_graph(graph)
    largest = "cell0/n1_in1/expanded_3_7_5_2_4/expanded_7_4"
    inside = [n for n in graph.tensors if n.startswith("cell0/n1_in1/expanded")]
    assert {name.rpartition("/")[0].rpartition("/")[0] for name in inside} == {largest}
    assert graph.params() < own.params()
    network = TorchNetwork(graph, torch.Generator().manual_seed(0)).double()
    network.run_state.tracking = False
    small = network(some_images(), None, {"one.inner": (0, 0)})[0]
    with torch.no_grad():
        for name in inside:
            tensor = dict(network.state_dict())[name]
            if name.endswith("depthwise/weight"):
                window = torch.zeros_like(tensor)
                window[..., 2:5, 2:5] = 1
                tensor.mul_(window)
    assert torch.equal(network(some_images(), None, {"one.inner": (0, 0)})[0], small)
    assert not torch.equal(network(some_images(), None, {"one.inner": (1, 0)})[0], small)


def lent(forms: str, operations: str = "") -> dict[str, str]:
    """Return by weight of a form of an operation whose it is, both without the common path."""
    text = f"""use std.vision
{operations}
cell one {{ inputs 1; node n1 = {forms}(in1) + relu(in1); output n1 }}
network {{ channels 8; stem conv(3, out = C); cells one }}
search darts {{ sharing slices }}
"""
    graph = build_supernet_graph(space_of(text))
    verify_graph(graph)
    return {
        "/".join((*node.name.split("/")[3:], weight)): "/".join(tensor.split("/")[3:])
        for node in graph.nodes
        for weight, tensor in node.borrowed
    }


def test_forms_share_the_layers_that_differ_in_numbers_alone() -> None:
    shared = lent("mb(3, {3, 6}, {identity, squeeze_excite})", MB)
    of = {name.partition("/")[0]: owner.partition("/")[0] for name, owner in shared.items()}
    assert of == dict.fromkeys(
        ("mb_3_3_identity", "mb_3_3_squeeze_excite", "mb_3_6_identity"), "mb_3_6_squeeze_excite"
    )
    last = {n: o for n, o in shared.items() if n.startswith("mb_3_6_identity/7_conv")}
    assert last == {"mb_3_6_identity/7_conv/weight": "mb_3_6_squeeze_excite/13_conv/weight"}
    without = lent("mb(3, {1, 6}, identity)", MB)
    assert without, "the expansion is left out, all else is shared"


MB = """op mb(k, expand, attention) = inverted_residual(k, expand, relu6, attention)"""


def test_operations_that_are_chosen_have_weights_of_their_own() -> None:
    joined = "op f(a) = a -> conv(1) -> conv(1)"
    shared = lent("f({conv(3), conv(3) -> relu -> conv(3)})", joined)
    assert shared == {
        "f_conv_3/1_conv/weight": "f_conv_3_relu_conv_3/3_conv/weight",
        "f_conv_3/2_conv/weight": "f_conv_3_relu_conv_3/4_conv/weight",
    }


def test_slices_do_not_mix_groups() -> None:
    assert lent("conv(3, groups = {1, 2, 4})") == {}
    assert len(lent("depthwise({3, 5})")) == 1
