"""Random spaces for Hypothesis that choose inside of operations, and around their cells."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.strategies import SpaceText

_HEADER = """use std.cnn
op bent(k, f, times = 1) = f -> conv(k, out = times * C) -> conv(1)
op residual(f) = add(f, identity)
"""
_OPERATIONS = (
    *("conv({1, 3})", "sep_conv({3, 5})", "bent({1, 3}, {relu, tanh})", "bent(3, relu, {1, 2})"),
    *("residual({conv(3), tanh})", "skip_connect", "max_pool(3)", "relu -> conv({1, 3})"),
)


@st.composite
def choosing_spaces(draw: st.DrawFn) -> SpaceText:
    """Draw a space of images that chooses numbers, operations inside of others, cells and sizes."""
    cells = [_cell(draw, name) for name in ("one", "two")]
    places = st.sampled_from(("one", "two", "{one, two}", "{two, one} * 2", "one * {1, 2}"))
    layout = draw(st.lists(places, min_size=1, max_size=2))
    reduces = draw(st.booleans())
    layout += ["down"] if reduces else []
    channels = draw(st.sampled_from(("4", "{2, 4}", "{4, 2, 6}")))
    used = [cell for name, cell in zip(("one", "two"), cells, strict=True) if name in str(layout)]
    used += [_DOWN] if reduces else []
    network = f"""network {{
    stem      conv(3, out = C)
    cells     {", ".join(layout)}
    head      global_avg_pool -> linear(classes)
    channels  {channels}
}}
evaluate {{ {"channels 4; " if channels == "4" else ""}auxiliary 0 }}
"""
    text = "\n".join([_HEADER, *used, network])
    return SpaceText(text, (2, draw(st.integers(5, 7)), draw(st.integers(5, 7))), 3)


_DOWN = """cell down {
    inputs  1
    stride  2
    widen   2
    node n1 = {conv({1, 3}, out = 2 * C_in), max_pool2d(3) -> conv(1)}(in1)
    output  n1
}
"""


def _cell(draw: st.DrawFn, name: str) -> str:
    several = st.lists(st.sampled_from(_OPERATIONS), min_size=1, max_size=3, unique=True)
    lines, known = [], ["in1"]
    for number in range(1, draw(st.integers(1, 2)) + 1):
        operations = draw(several)
        text = operations[0] if len(operations) == 1 else f"{{{', '.join(operations)}}}"
        text = f"({text})" if "->" in operations[0] and len(operations) == 1 else text
        lines.append(f"node n{number} = {text}({draw(st.sampled_from(known))})")
        known.append(f"n{number}")
    ends = known[draw(st.integers(0, 1)) :]
    output = ends[0] if len(ends) == 1 else f"mean({', '.join(ends)})"
    body = "\n    ".join(["inputs 1", *lines, f"output {output}"])
    return f"cell {name} {{\n    {body}\n}}\n"
