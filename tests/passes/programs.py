"""Random programs of all tasks, their supernets as they are lowered, and how networks run them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from hypothesis import strategies as st

from dslnas.backends.torch.network import TorchNetwork
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.ops.traits import Trait
from dslnas.passes.manager import USUAL
from dslnas.space.search_space import SearchSpace
from tests.choosing_spaces import choosing_spaces
from tests.graph.recurrent import recurrent_spaces
from tests.passes.same import (
    CLASSES,
    DROPOUT,
    Reference,
    assert_same,
    network_of,
    random_alphas,
    what_it_gives,
)
from tests.primitives import with_trait
from tests.spaces import space_of
from tests.strategies import HEADER, SpaceText, rating_spaces, row_spaces, spaces, valued_spaces

DRAWING = with_trait(Trait.DRAWS_FACTOR)


@dataclass(frozen=True)
class Program:
    """A random program, and how its supernet runs.

    Attributes:
        text: In the language.
        shape: Shape of an example; tokens have none.
        classes: Classes of images, or words of the vocabulary.
        training: Whether statistics are those of the batch, and anything is dropped.
    """

    text: str
    shape: tuple[int, ...]
    classes: int
    training: bool

    @cached_property
    def space(self) -> SearchSpace:
        return space_of(self.text, self.shape, classes=self.classes)

    @cached_property
    def graph(self) -> PrimitiveGraph:
        return build_supernet_graph(self.space)

    @property
    def trains(self) -> bool:
        """Whether it trains: where dead code is gone, other numbers are drawn behind it."""
        return self.training and all(node.primitive not in DRAWING for node in self.graph.nodes)


def images(text: str, shape: tuple[int, ...] = (2, 6, 6), classes: int = 3) -> Program:
    return Program(HEADER + text, shape, classes, training=True)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Draw a program of any task."""
    training = draw(st.booleans())
    if draw(st.booleans()):
        return Program(draw(recurrent_spaces()), (), CLASSES, training)
    found: SpaceText = draw(_SPACES)
    return Program(found.text, found.shape, found.classes if found.shape else CLASSES, training)


_SPACES = st.one_of(
    *(spaces(), spaces(of_signals=True), valued_spaces(), choosing_spaces(), row_spaces()),
    rating_spaces(),
)


class Plain(Reference):
    """The supernet of a program as it is lowered."""

    def __init__(self, program: Program) -> None:
        network = network_of(program.graph)
        network.run_state.dropout = DROPOUT
        super().__init__(network, random_alphas(program.graph), program.trains)

    def assert_kept_by(self, graph: PrimitiveGraph) -> None:
        """Compare with what a rewritten graph gives."""
        network = network_of(graph, self.network.state_dict())
        network.run_state.dropout = DROPOUT
        ours = what_it_gives(network, self.alphas, training=self.training)
        assert_same(ours, self.expected, self)


@contextmanager
def as_networks_run_it(network: TorchNetwork, names: tuple[str, ...] = USUAL) -> Iterator[None]:
    """Run inside of this behind passes, and with the forms that searches use."""
    network.plain, network.passes = False, names
    try:
        yield
    finally:
        network.plain = True


def assert_runs_as_it_is_lowered(program: Program) -> None:
    plain = Plain(program)
    expected = plain.expected
    with as_networks_run_it(plain.network):
        ours = plain.gives()
    assert_same(ours, expected, plain)
