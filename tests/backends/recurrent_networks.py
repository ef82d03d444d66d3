"""Recurrent networks to export: published cells, several of them, and what nobody would write."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from dslnas.graph.graph import PrimitiveGraph
from tests.backends.reference_graphs import network

# Cells of both kinds with sizes that differ, and a head that is not tied.
STACKED = """use rnn.lstm
cell small {
    inputs  x
    states  h
    first   highway(tanh, h, concat(drop_input(x), drop_state(h)))
    edge    highway
    node n1 = relu(first)
    node n2 = identity(n1)
    next    n2
    output  concat
}
network {
    stem   embedding(5) -> drop_embedded -> linear(7) -> tanh
    head   drop_output -> linear(C) -> silu -> linear(classes, bias = false)
    cells  lstm * 2, small
}
"""

# Nodes of several edges, which share the layers of their gates; operations with layers; zeros.
SHARED = """use std.rnn
op deep = linear(2 * C) -> leaky_relu(0.2) -> dropout(0.3) -> linear(C, bias = false)
gate mixed(f, s) {
    let both = linear(2 * C)(s)
    let more = linear(C, bias = false)(f(split(2, 1)(both)))
    output more * elu(split(2, 0)(both)) - s
}
cell shared {
    inputs     x
    states     h
    first      add(x, h)
    edge       mixed
    normalise  batch_norm
    node n1 = tanh(first) + gelu(h)
    node n2 = deep(n1) + none(first) + identity(h)
    let last = tanh(linear(C)(n2))
    next       last
    output     mean
}
network {
    cells  shared
}
"""

# A state that is not given out, one that is the next of another, and values with brackets.
ODD = """use std.rnn
cell odd {
    inputs  x
    states  h, next_h, logits
    let step = x - (h - next_h) * mean(x, h, logits) - (x + h + linear(C)(x))
    let tokens = tanh(add(h, step * (x * h), step - x, identity(step), relu(x - h)))
    let self = hard_swish(concat(split(2, 1)(tokens), split(2, 0)(tokens)))
    let class = batch_norm(affine = true)(sigmoid(self) * (self * linear(C)(h)))
    next    tokens, h, class
    output  self
}
network {
    cells  odd
}
"""

# The cells only hand on what they read, so that the loop is for the states alone.
HANDED_ON = """use std.rnn
cell hands_on {
    inputs  x
    states  h
    let same = x
    let turned = tanh(linear(C)(h))
    next    turned
    output  same
}
network {
    cells  hands_on * 2
}
"""

# The head reads the first cell, since the second one only hands on what it reads.
PASSED_BY = """use rnn.lstm
cell hands_on {
    inputs  x
    states  h
    let same = x
    let turned = tanh(linear(C)(h + x))
    next    turned
    output  same
}
network {
    cells  lstm, hands_on
}
"""

# What the loop over time has little or nothing to do with.
LOOSE = """use std.rnn
cell loose {{
    inputs  x
    states  h
    let own = {own}
    let seen = {seen}
    next    own
    output  seen
}}
network {{
    cells  loose{times}
}}
"""


def _loose(own: str, seen: str, times: str = "") -> str:
    return LOOSE.format(own=own, seen=seen, times=times)


NETWORKS = {
    "lstm": "use rnn.lstm",
    "gru": "use rnn.gru",
    "darts_v1": "use rnn.darts_v1",
    "darts_v2": "use rnn.darts_v2",
    "enas": "use rnn.enas",
    "lstm_lstm": "use rnn.lstm\nnetwork {\n    cells lstm * 2\n}",
    "stacked": STACKED,
    "shared": SHARED,
    "odd": ODD,
    "handed_on": HANDED_ON,
    "passed_by": PASSED_BY,
    "apart": _loose("tanh(linear(C)(h))", "tanh(linear(C)(x))"),
    "held": _loose("identity(h)", "identity(x)", " * 2"),
    "delayed": _loose("tanh(linear(C)(concat(x, h)))", "identity(h)", " * 2"),
    "skipped": _loose("tanh(linear(C)(x + h))", "sigmoid(x)"),
    "late": _loose("tanh(linear(C)(x)) * h", "tanh(linear(C)(h)) - x * h", " * 2"),
}
VOCABULARY = 10


@cache
def recurrent_graph(name: str) -> PrimitiveGraph:
    """Return one of the networks, for a vocabulary of ten."""
    return graph_of_text(NETWORKS[name])


def graph_of_text(text: str, channels: int = 4) -> PrimitiveGraph:
    """Return the network of a text."""
    return network(text, (), (f"evaluate.channels={channels}",))


@st.composite
def recurrent_texts(draw: st.DrawFn) -> str:
    """Return a cell of random values, all of which it needs."""
    values, unread, lines = ["x", "h", "c"], {"x", "h", "c"}, []

    def read() -> str:
        value = draw(st.sampled_from(values))
        unread.discard(value)
        return value

    def term() -> str:
        form = draw(st.sampled_from(["{}", "tanh({})", "sigmoid({})", "linear(C)({})", "zero({})"]))
        return form.format(read())

    for number in range(draw(st.integers(1, 5))):
        pattern = draw(
            st.sampled_from(
                [
                    "{} + {}", "{} - ({} - {})", "{} * ({} + {})", "({} - {}) * {} - {}",
                    "mean({}, {}) * {}", "relu({} + {})", "linear(C)(concat({}, {}, {}))",
                    "split(2, 1)(linear(2 * C)({}))", "silu(linear(C)({}) * {}) - {} * {}",
                ]
            )
        )  # fmt: skip
        text = pattern.format(*(term() for _ in range(pattern.count("{}"))))
        name = f"v{number}"
        lines.append(f"let {name} = {text}")
        values.append(name)
        unread.add(name)
    rest = sorted({*unread, "x"})
    body = "\n    ".join(lines)
    shown = draw(st.sampled_from(["identity({})", "x * {}", "tanh({}) - c"]))
    return f"""use std.rnn
cell random {{
    inputs  x
    states  h, c
    {body}
    let bounded = tanh(linear(C)({read()}))
    let ending = tanh(linear(C)(concat(h, bounded, {", ".join(rest)})))
    let shown = {shown.format(draw(st.sampled_from(["x", "h", "bounded", "ending"])))}
    next    ending, {draw(st.sampled_from(["h", "bounded", "ending"]))}
    output  shown
}}
network {{
    cells  random
}}
"""
