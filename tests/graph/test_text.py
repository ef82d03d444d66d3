from hypothesis import given, settings
from dslnas.graph.build import build_derived_graph, build_supernet_graph
from dslnas.graph.text import parse_graph, print_graph
from dslnas.graph.verify import verify_graph
from tests.strategies import SpaceText, spaces
from dslnas.space.derive import derive

@settings(max_examples=300)
@given(spaces())
def test_x(text: SpaceText):
    try:
        space=text.space()
        g=build_supernet_graph(space)
        verify_graph(g)
        assert parse_graph(print_graph(g))==g
    except Exception:
        print(text.text, text.shape); raise
