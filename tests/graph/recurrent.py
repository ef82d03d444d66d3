"""Random recurrent search spaces for Hypothesis, as text; for a vocabulary of any size."""

from __future__ import annotations

from hypothesis import strategies as st

HEADER = """use std.cnn
op nothing = none
op full = linear(C)
op mapped = full -> tanh
op bent = linear(C, bias = false) -> batch_norm -> relu
op twice = multiply(identity, sigmoid)
op after(f) = full -> f
op plain(f) = f
"""
OPERATIONS = (
    *("none", "nothing", "identity", "skip_connect", "tanh", "relu", "sigmoid"),
    *("mapped", "bent", "twice", "full"),
)
INNER = (
    "after({tanh, relu, identity})",
    "plain({identity, mapped})",
    "({full, relu} -> {tanh, relu})",
)
"""Operations with choices inside of them."""
ZEROS = {"none", "nothing"}

HIGHWAY = """
    let both = linear(2 * C, bias = false)(reads)
    output state + sigmoid(split(2, 0)(both)) * (f(split(2, 1)(both)) - state)"""

# By name what stands around an operation, each in a way of its own: affine in `f` or not, `f` in
# one place or two, layers before, behind and around it, a part that does not depend on it.
GATES = {
    "highway": HIGHWAY,
    "scaled": "\n    output sigmoid(linear(C)(reads)) * f(state)",
    "shifted": "\n    output linear(C)(reads) - f(state)",
    "squared": "\n    let a = f(state)\n    output tanh(a) * a + reads",
    "both": "\n    output f(reads) * sigmoid(f(state))",
    "behind": "\n    let a = linear(C)(f(reads))\n    output tanh(a) + state",
    "constant": "\n    let a = tanh(state)\n    output a + (a * reads - (f(state) * a + a))",
    "normed": "\n    output state + f((linear(C) -> batch_norm)(reads))",
    "joined": "\n    output linear(C)(concat(state, f(reads)))",
    "meant": "\n    output mean(f(state), reads, state)",
    "bare": "\n    output f(reads)",
}

FIRSTS = (
    "tanh(linear(C)(concat(drop_input(x), drop_state(h))))",
    "drop_state(h) * sigmoid(linear(C)(drop_input(x))) + h",
    "mean(x, drop_state(h), tanh(x))",
)
NORMS = ("batch_norm(affine = false)", "batch_norm(affine = true)", "tanh")


@st.composite
def recurrent_spaces(draw: st.DrawFn) -> str:
    """Draw a search space of one to three recurrent cells that compiles.

    One to four nodes, any gate or none, any operations, any normalisation or none, `first` or not,
    a fixed cell of two states behind or in between, a head that does again what a cell does.
    """
    gates = sorted(draw(st.sets(st.sampled_from(sorted(GATES)), max_size=2)))
    parts = [HEADER]
    for name in gates:
        reads = "drop_state(state)" if draw(st.booleans()) else "state"
        parts.append(f"gate {name}(f, state, reads = {reads}) {{{GATES[name]}\n}}")
    more = draw(st.sampled_from(((), (), ("two",), ("fixed",))))
    cells = draw(st.permutations(("one", *more)))
    parts += [
        draw(st.sampled_from(FIXED)) if name == "fixed" else _searched(draw, name, gates)
        for name in cells
    ]
    times = draw(st.sampled_from(("", " * 2"))) if not more else ""
    stem = draw(st.sampled_from(("embedding -> drop_embedded", "embedding -> linear(C)")))
    head = draw(st.sampled_from(HEADS))
    parts.append(
        f"network {{ channels 4; stem {stem}; head {head}; cells {', '.join(cells)}{times} }}"
    )
    parts.append("evaluate { channels 4 }\n")
    return "\n".join(parts)


HEADS = (
    *("drop_output -> tied_linear", "relu -> linear(classes)"),
    *("tanh -> tied_linear", "multiply(identity, tanh) -> tied_linear"),
)

# Two states; what is the next one depends on the input alone, and half of the output on no state.
# Or it is computed from the output, as in some heads.
FIXED = tuple(
    f"""cell fixed {{
    inputs  x
    states  h, c
    let new = tanh(linear(C)(drop_input(x)))
    let kept = relu(new)
    let next_c = c * sigmoid(linear(C)(drop_state(h))) + kept
    let both = mean(kept, next_c)
    {following}
    output  both
}}"""
    for following in ("next new, next_c", "let bent = tanh(both)\n    next bent, next_c")
)


def _searched(draw: st.DrawFn, name: str, gates: list[str]) -> str:
    lines = ["inputs x", "states h"]
    gate = draw(st.sampled_from([*gates, ""]))
    if draw(st.booleans()):
        lines += [f"first {draw(st.sampled_from(FIRSTS))}", f"nodes {draw(st.integers(1, 4))}"]
        lines.append(f"choose {_choice(draw)}")
    else:
        nodes = _nodes(draw, uneven=draw(st.booleans()))
        lines += nodes
        if draw(st.booleans()):
            lines.append(f"next n{draw(st.integers(1, len(nodes)))}")
    if gate:
        lines.append(f"edge {gate}")
    if draw(st.booleans()):
        lines.append(f"normalise {draw(st.sampled_from(NORMS))}")
    lines += ["keep all", f"output {draw(st.sampled_from(('mean', 'sum')))}"]
    return "\n    ".join([f"cell {name} {{", *lines]) + "\n}"


def _nodes(draw: st.DrawFn, *, uneven: bool) -> list[str]:
    """Return nodes that are written out.

    Every one reads x, h and those before it, or the same as the one before.
    """
    known = ["x", "h"]
    lines: list[str] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        alike = _choice(draw)
        if draw(st.booleans()) and lines:
            known.append(f"n{number - 1}")
        choices = [_choice(draw) if uneven else alike for _ in known]
        terms = [f"{{{c}}}({s})" for c, s in zip(choices, known, strict=True)]
        lines.append(f"node n{number} = {' + '.join(terms)}")
    return lines


def _choice(draw: st.DrawFn) -> str:
    """Return different operations in any order, not all of them zero."""
    inner = draw(st.sampled_from(((), (), INNER)))
    found = st.lists(st.sampled_from(OPERATIONS + inner), min_size=2, max_size=5, unique=True)
    return ", ".join(draw(found.filter(lambda names: not set(names) <= ZEROS)))
