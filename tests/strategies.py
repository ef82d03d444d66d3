"""Random search spaces for Hypothesis: small, valid, and as odd as the language allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import assume
from hypothesis import strategies as st

from dslnas.diagnostics import UserError
from dslnas.ops.activations import ACTIVATIONS
from dslnas.ops.primitive import Shape
from dslnas.space.search_space import SearchSpace
from tests.spaces import space_of

ZEROS = ("none", "nothing")
LIBRARY_OPERATIONS = (
    "skip_connect",
    "max_pool(3)",
    "avg_pool(3)",
    "sep_conv(3)",
    "sep_conv(5)",
    "dil_conv(3)",
    "dil_conv(5)",
    "relu_conv_bn(1)",
    "relu_conv_bn(3)",
    "conv_1xk_kx1(3)",
    "conv_1xk_kx1(7)",
    "factorized_reduce_or_conv",
)
"""All work at strides 1 and 2; `factorized_reduce_or_conv` is defined by `HEADER`."""

ROW_WISE = ("bent", "curved", "gated", "skip_connect", "none")
"""Operations that do to every number, at stride 1, what they would do to it alone."""
PARAMETER_FREE = ("skip_connect", "max_pool(3)", "avg_pool(3)", "moved", "bent", "none")
"""Operations without weights at stride 1."""

INNER = (
    *("sep_conv({3, 5})", "dil_conv({5, 3})", "relu_conv_bn({1, 3, 5})", "max_pool({3, 5})"),
    *("conv({1, 3}, dilation = {1, 2})", "conv(3, groups = {2, 1}, bias = true)"),
    *("wrapped({conv(3), depthwise(5), max_pool2d(3)})", "wrapped(conv({3, (1, 3)}))"),
    *("expanded({3, 7, 5}, {1, 2})", "bypassed({pointwise, relu_conv_bn(3)})"),
    *("(conv({1, 3}) -> {relu, tanh})", "(dropout({0.1, 0.3}) -> sep_conv(3))"),
)
"""Operations with choices inside of them; `HEADER` defines some of these."""
INNER_ROW_WISE = ("plain({bent, curved})", "(bent -> {tanh, relu, sigmoid})")
INNER_FREE = ("plain({moved, max_pool(3)})", "(max_pool({3, 5}) -> relu)")
SHARING = "search darts { sharing slices }\n"
"""Section that lets the forms of an operation share weights."""

# Layers that keep channels and size, wherever they stand.
_ANYWHERE = (
    *ACTIVATIONS,
    "leaky_relu(0.2)",
    "identity",
    "dropout(0.25)",
    "batch_norm",
    "batch_norm(affine = true, eps = 0.001)",
    "shift(1)",
    "shuffle(2)",
    "layer_norm",
    "group_norm(2, affine = false)",
    "scale(0.5)",
    "position",
    "rescale(0.5, 0.25)",
    "softmax",
    "relu6 -> hard_sigmoid",
    "flattened",
    "enlarged",
    "transpose(2, 3) -> softmax(2) -> transpose(2, 3)",
)
# Layers that go from C channels to C channels and take a stride.
_STRIDED = (
    "conv(3)",
    "conv((1, 5))",
    "conv(3, bias = true)",
    "conv(3, groups = 2)",
    "depthwise(5)",
    "depthwise((3, 1), dilation = (2, 1))",
    "pointwise",
    "max_pool2d((3, 5))",
    "avg_pool2d(5)",
    "conv(1, out = 2*C) -> gelu -> conv(3)",
)
# The same, but they say themselves where the stride goes.
_STRIDE_PLACED = (
    "relu -> conv(1) -> conv(3, stride = stride) -> max_pool2d(3, stride = 1)",
    "conv((1, 3), stride = (1, stride)) -> conv((3, 1), stride = (stride, 1))",
)
# Layers over several branches that keep channels and size; `{a}`, `{b}` are layers of C channels.
_JOINS = (
    "add({a}, identity)",
    "add({a}, {b}, identity)",
    "mean({a}, {b})",
    "max({a}, {b}, identity)",
    "min({a}, identity)",
    "multiply({a}, global_avg_pool -> conv(1) -> sigmoid)",
    "matmul({a}, matmul(transpose(2, 3), {b}) -> rescale(0.3) -> softmax(2))",
    "concat(split(2, 0) -> {a}, split(2, 1))",
    "concat(split(2, 1), split(2, 0) -> {b})",
    "2 * ({a} -> {b})",
)

HEADER = """use std.cnn
op nothing = none
op bent = relu | when stride 2: relu -> max_pool2d(3)
op curved = tanh | when stride 2: avg_pool2d(3) -> tanh
op gated = multiply(identity, sigmoid) | when stride 2: max_pool2d(3)
op moved = shift(1) | when stride 2: avg_pool2d(3)
op factorized_reduce_or_conv = conv(1) | when stride 2: factorized_reduce
op plain(f) = f
op wrapped(f) = f -> batch_norm
op bypassed(f) = f | when stride 1: add(f, relu)
op expanded(k, expand) = conv(1, out = expand * C) -> batch_norm -> depthwise(k) -> relu -> conv(1)
    | when stride 2: depthwise(k) -> relu -> conv(1, out = expand * C) -> conv(1)
op flattened = reshape((C_in, H_in * W_in)) -> softmax(2) -> reshape((C_in, H_in, W_in))
op enlarged = upsample(2) -> reshape((4 * C_in, H_in, W_in)) -> split(4, 1)
"""


@dataclass(frozen=True)
class SpaceText:
    """A random space as text, and the images it is for."""

    text: str
    shape: Shape
    classes: int

    def space(self) -> SearchSpace:
        """Return the space."""
        return space_of(self.text, self.shape, classes=self.classes)


def _after() -> st.SearchStrategy[str]:
    """Layers that keep channels and size."""
    layer = st.sampled_from(("relu", "conv(3)", "tanh", "batch_norm", "depthwise(3)"))
    half = st.sampled_from(("relu", "tanh", "shift(1)", "batch_norm"))

    def fill(join: str, a: str, b: str, half: str) -> str:
        return join.format(a=half, b=half) if "split" in join else join.format(a=a, b=b)

    joined = st.builds(fill, st.sampled_from(_JOINS), layer, layer, half)
    return st.one_of(st.sampled_from(_ANYWHERE), joined)


def _strided() -> st.SearchStrategy[str]:
    """Layers that take a stride, each in a branch of its own if they are joined."""
    layer = st.sampled_from(_STRIDED)
    joined = st.builds("{}({}, relu -> {})".format, st.sampled_from(("add", "mean")), layer, layer)
    return st.one_of(layer, joined)


@dataclass
class _Writer:
    """Writes one space: its operations first, then cells that choose from them."""

    draw: st.DrawFn
    operations: list[str] = field(default_factory=lambda: [*LIBRARY_OPERATIONS, *ZEROS])
    definitions: list[str] = field(default_factory=list)
    menu: list[str] = field(default_factory=list)

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def whole(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))

    def compose(self) -> None:
        """Define an operation of several layers, one of which takes the stride."""
        before = self.draw(st.lists(st.sampled_from(_ANYWHERE), max_size=2))
        after = self.draw(st.lists(_after(), max_size=2))
        chain = " -> ".join([*before, self.draw(_strided()), *after])
        body = self.draw(st.one_of(st.just(chain), st.sampled_from(_STRIDE_PLACED)))
        variant = self.pick("", "", " | when derived: relu -> conv(3)", " | when stride 2: conv(3)")
        name = f"made{len(self.definitions)}"
        self.definitions.append(f"op {name}(k = 3) = {body}{variant}")
        self.operations += [name, f"{name}(5)"]

    def choice(self, least: int = 1) -> str:
        """Return different operations, not all of them zero."""
        found = st.lists(st.sampled_from(self.menu), min_size=least, max_size=4, unique=True)
        return ", ".join(self.draw(found.filter(lambda texts: not set(texts) <= {*ZEROS})))

    def cell(self, name: str, inputs: int, stride: int, *, preprocessed: bool, alike: bool) -> str:
        """Return a cell, which gives C channels where it has to be `alike` others."""
        joins = ("sum", "mean", "concat") if preprocessed and not alike else ("sum", "mean")
        menus = (
            (self.operations, INNER),
            (self.operations, INNER),
            (ROW_WISE, INNER_ROW_WISE),
            (PARAMETER_FREE, INNER_FREE),
        )
        whole, inner = self.draw(st.sampled_from(menus))
        self.menu = [*whole]
        if self.draw(st.integers(0, 2)) == 0:
            several = st.lists(st.sampled_from(inner), min_size=1, max_size=2, unique=True)
            self.menu += self.draw(several)
        lines = [f"inputs {inputs}", f"stride {stride}"]
        if preprocessed:
            lines += ["preprocess preprocess", f"widen {1 if alike else self.whole(1, 2)}"]
        lines += self.draw(st.sampled_from(([], ["none allowed"])))
        nodes = self.whole(1, 4)
        if self.draw(st.booleans()):
            lines += [f"nodes {nodes}", f"choose {self.choice()}"]
            lines.append(f"output {self.pick('last', *joins)}")
            most = inputs + nodes - 1
        else:
            terms = self.terms(inputs, nodes)
            lines += [f"node n{n + 1} = {' + '.join(t)}" for n, t in enumerate(terms)]
            lines.append(f"output {self.pick(*joins)}({', '.join(self.ends(terms))})")
            most = max(len(t) for t in terms)
        lines.append(f"keep {self.pick('all', *(str(n) for n in range(1, most + 1)))}")
        return "\n    ".join([f"cell {name} {{", *lines]) + "\n}"

    def place(self, name: str, kinds: Mapping[str, int]) -> str:
        """Return a place of the network with cells like one, some of them to choose from."""
        alike = [other for other, stride in kinds.items() if stride == kinds[name]]
        cells = self.pick(name, f"{{{', '.join(alike)}}}" if len(alike) > 1 else name)
        counts = ("", " * 2") if kinds[name] > 1 else ("", " * 2", " * {1, 2}", " * {0, 2, 1}")
        return cells + self.pick(*counts)

    def terms(self, inputs: int, nodes: int) -> list[list[str]]:
        """Return the terms of every node: fixed and chosen operations, a source maybe twice."""
        known = [f"in{n + 1}" for n in range(inputs)]
        found = []
        for number in range(nodes):
            sources = self.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
            found.append([self.term(source) for source in sources])
            known.append(f"n{number + 1}")
        return found

    def term(self, source: str) -> str:
        if self.draw(st.booleans()):
            return f"{{{self.choice(2)}}}({source})"
        return f"{self.pick(*self.menu)}({source})"

    def ends(self, terms: list[list[str]]) -> list[str]:
        """Return the nodes that no other reads, and maybe more."""
        names = [f"n{n + 1}" for n in range(len(terms))]
        read = {t.rpartition("(")[2].rstrip(")") for node in terms for t in node}
        return [n for n in names if n not in read or self.draw(st.booleans())]


_OF_SIGNALS = {
    "transpose(2, 3)": "transpose(1, 2)",
    "reshape((4 * C_in, H_in, W_in)) -> split(4, 1)": "reshape((2 * C_in, W_in)) -> split(2, 1)",
    "reshape((C_in, H_in, W_in))": "reshape((C_in, W_in))",
}
"""Layers of images, each with the one that does the same to signals."""


@st.composite
def spaces(draw: st.DrawFn, *, of_signals: bool = False) -> SpaceText:
    """Draw a search space that compiles, for images or for signals.

    One to three inputs, one to four nodes, chosen and fixed edges, library and made-up operations,
    any output, odd and uneven image sizes, up to three kinds of cells, some of which have row-wise
    operations only, or none with weights. Now and then choices stand inside of operations, which
    may share weights, and around the cells.
    """
    writer = _Writer(draw)
    for _ in range(writer.whole(0, 3)):
        writer.compose()
    preprocessed = draw(st.booleans())
    inputs = writer.whole(1, 3) if preprocessed else 1
    kinds = {"normal": 1, "reduction": 2, "other": writer.whole(1, 2)}
    layout = draw(st.lists(st.sampled_from(list(kinds)), min_size=1, max_size=3))
    chooses = inputs == 1 and draw(st.integers(0, 2)) == 0
    places = [
        writer.place(name, kinds) if chooses else f"{name} * N" if draw(st.booleans()) else name
        for name in layout
    ]
    if all("{0," in place for place in places):  # one cell has to be there
        places.append(layout[0] if kinds[layout[0]] == 1 else "normal")
    cells = [
        writer.cell(name, inputs, kinds[name], preprocessed=preprocessed, alike=chooses)
        for name in kinds
        if any(name in place for place in places)
    ]
    stem = writer.pick("conv(3, out = C)", "conv(3, out = C, stride = 2) -> relu -> batch_norm")
    pool = "global_avg_pool -> linear(classes)"
    widths = writer.pick("", "{4, 2}", "{2, 4, 6}") if chooses else ""
    network = [
        f"stem {stem}",
        f"cells {', '.join(places)}",
        f"head {writer.pick('linear(classes)', pool, f'batch_norm -> relu -> {pool}')}",
        f"auxiliary relu -> {pool}",
        f"channels {widths or writer.pick('2', '4')}",
        f"repeat {writer.whole(1, 2)}",
    ]
    reduces = any(kinds[name] > 1 for name in layout)
    evaluate = [
        *([] if widths else [f"channels {writer.pick('2', '6')}"]),
        f"repeat {writer.whole(1, 2)}",
        f"auxiliary {writer.pick('0', '0.4') if reduces else '0'}",
    ]
    sections = [
        "network {\n    " + "\n    ".join(network) + "\n}",
        "evaluate {\n    " + "\n    ".join(evaluate) + "\n}",
    ]
    shape: Shape = (writer.whole(1, 3), writer.whole(4, 9), writer.whole(4, 9))
    if "({" in "".join(cells) and draw(st.booleans()):
        sections.append(SHARING)
    text = "\n".join([HEADER, *writer.definitions, *cells, *sections]) + "\n"
    if of_signals:
        shape = (shape[0], shape[1] * shape[2])
        for image, signal in _OF_SIGNALS.items():
            text = text.replace(image, signal)
    made = SpaceText(text, shape, writer.whole(2, 5))
    try:
        made.space()
    except UserError as error:  # fixed zeros may cut what the choices leave
        assume({mistake.code for mistake in error.diagnostics} != {"NAS315"})
        raise
    return made


# Shapes of a value of C channels; what they read is put in at random.
_VALUES = (
    *("relu({})", "{}", "{} + {}", "{} * sigmoid({})", "{} - tanh({})", "mean({}, {}, {})"),
    "max({}, {}, {})",
    *("conv(3)({})", "{} + conv(3)({}) * {}", "batch_norm(conv(1, bias = true)({}))"),
    *("conv(1, out = C)(concat({}, {}))", "split(2, 1)(conv(1, out = 2*C)({}))", "kept(tanh({}))"),
    *("concat(split(2, 1)({}), split(2, 0)({}))", "{} - ({} - {}) * ({} + {})"),
)
# Gates by their bodies: the operation in one place or several, layers around it, parts without it.
_GATES = (
    "output f(s)",
    "output f(s) * sigmoid(conv(1)(s)) + s",
    "let both = conv(1, out = 2*C)(s)\n output sigmoid(split(2, 0)(both)) * (f(s) - s)",
    "let once = f(s)\n output f(relu(once)) + once",
    "let part = conv(3)(s)\n let bent = tanh(f(part))\n output bent - part * bent",
    "output relu(s) + f(conv(1)(f(s)))",
)
_KEPT = (
    *("conv(3)", "tanh", "sep_conv(3)", "(relu -> conv(1, out = C))", "residual(kept)"),
    *("multiply(conv(1), sigmoid)", "twice(f = conv(3) -> relu)", "(2 * residual(tanh))"),
    *("sep_conv({3, 5})", "twice({1, 3}, {relu, tanh})", "residual({conv(3), tanh -> conv(1)})"),
    *("skip_connect", "max_pool(3)", "none", "kept", "halved"),
)
_INSIDE = """cell inside {
    inputs a, b
    let both = a + tanh(b)
    node n1 = {conv(3), tanh}(both)
    node n2 = residual(conv(1))(n1) + {skip_connect, sep_conv(3)}(a)
    output mean(n1, n2)
}"""
_OF_SEVERAL = (
    *("summed", "largest", "least", "product", "side_by_side", "weighed"),
    *("({add, max} -> conv({1, 3}))",),
)
_OWN = ("conv(3)", "conv(1, bias = true)", "scale", "kept", "(conv(1, out = 2*C) -> split(2, 1))")
_FOUND = "(0.5, -1, 2, 1e-3)"
_VALUED_HEADER = (
    HEADER
    + """op summed = add
op largest = max -> conv(1, out = C)
op least = min
op product = multiply -> tanh
op side_by_side = concat -> conv(1, out = C)
op weighed = add(multiply(operand(1), operand(2) -> sigmoid), operand(2))
op kept = relu -> add(conv(3), identity) -> batch_norm
op halved = concat(split(2, 1), split(2, 0) -> relu)
op residual(f) = f -> conv(1) | when C_in = C and stride 1: add(f, identity)
op twice(k = 1, f = relu) = f -> residual(conv(k) -> f)
"""
)


@dataclass
class _ValueWriter:
    """Writes one cell of values and nodes, all of which it needs, and its last input.

    So every cell reads the one before. Some weights are given, and searched where `is_alone` says
    that it stands in one place.
    """

    draw: st.DrawFn
    known: list[str]
    is_alone: bool = False
    is_searched: bool = False
    unread: set[str] = field(default_factory=set)

    def read(self) -> str:
        name = self.draw(st.sampled_from(self.known))
        self.unread.discard(name)
        return name

    def define(self, name: str) -> None:
        self.known.append(name)
        self.unread.add(name)

    def let(self) -> str:
        owner = self.draw(st.sampled_from(("", "", "fixed", "searched" if self.is_alone else "")))
        if owner == "fixed":
            return f"fixed(scale, {_FOUND})({self.read()})"
        if owner == "searched":
            self.is_searched = True
            return f"searched({self.draw(st.sampled_from(_OWN))})({self.read()})"
        return self.value()

    def value(self) -> str:
        pattern = self.draw(st.sampled_from(_VALUES))
        return pattern.format(*(self.read() for _ in range(pattern.count("{}"))))

    def term(self, gate: str) -> str:
        kind = self.draw(st.sampled_from(("inside", "several", "one", "one", "one", "one")))
        if kind == "inside":
            return f"inside({self.read()}, {self.read()})"
        if kind == "several" and not gate:
            return self.of_several()
        several = st.lists(st.sampled_from(_KEPT[:-3]), min_size=2, max_size=3, unique=True)
        alone = st.sampled_from(_KEPT).map(lambda name: [name])
        operations = self.draw(st.one_of(alone, several))
        text = ", ".join(operations)
        if operations[0] == "skip_connect" and self.draw(st.booleans()):
            return self.read()
        source = self.draw(st.sampled_from(("{}", "{}", "{} + {}", "tanh({}) * {}")))
        source = source.format(*(self.read() for _ in range(source.count("{}"))))
        return f"{text if len(operations) == 1 else f'{{{text}}}'}({source})"

    def of_several(self) -> str:
        names = st.lists(st.sampled_from(_OF_SEVERAL), min_size=1, max_size=3, unique=True)
        operations = self.draw(names)
        text = operations[0] if len(operations) == 1 else f"{{{', '.join(operations)}}}"
        return f"{text}({self.read()}, {self.read()})"

    def cell(self, name: str) -> str:
        lines = [f"inputs {len(self.known)}"]
        lines += self.draw(st.sampled_from(([], ["preprocess preprocess"])))
        gate = self.draw(st.sampled_from(("", "edge gate0", "edge gate1")))
        lines += [gate] if gate else []
        lines += self.draw(st.sampled_from(([], [], ["normalise batch_norm"])))
        if self.draw(st.booleans()):
            lines.append(f"first {self.value()}")
            self.define("first")
        for number in range(self.draw(st.integers(1, 5))):
            if number and self.draw(st.booleans()):
                line, new = f"let v{number} = {self.let()}", f"v{number}"
            else:
                terms = [self.term(gate) for _ in range(self.draw(st.integers(1, 3)))]
                if all(term.startswith("none(") for term in terms):
                    terms.append(self.read())  # else no cell is connected
                line, new = f"node n{number} = {' + '.join(terms)}", f"n{number}"
            self.define(new)
            lines.append(line)
        if self.is_searched:  # beside a choice only
            lines.append(f"node chosen = {{conv(3), tanh}}({self.read()})")
            self.define("chosen")
        ends = sorted(self.unread) or [self.known[-1]]
        joined = f"conv(1, out = C)(concat({', '.join(ends)}))" if len(ends) > 1 else ends[0]
        is_inline = self.draw(st.booleans()) and len(ends) > 1
        lines += [f"output {joined}"] if is_inline else [f"let ending = {joined}", "output ending"]
        return "\n    ".join([f"cell {name} {{", *lines]) + "\n}"


@st.composite
def valued_spaces(draw: st.DrawFn) -> SpaceText:
    """Draw a search space whose cells have values, gates, a first value and normalised nodes.

    Values read inputs, nodes and each other, and nodes read values; operations are fixed or chosen,
    and may read several values; some weights are given, others searched.
    """
    gates = [f"gate gate{n}(f, s) {{ {draw(st.sampled_from(_GATES))}\n}}" for n in range(2)]
    layout = draw(st.lists(st.sampled_from(("one", "two")), min_size=1, max_size=3))
    cells = {}
    for name in dict.fromkeys(layout):
        inputs = [f"in{n + 1}" for n in range(draw(st.integers(1, 2)))]
        is_alone = layout.count(name) == 1
        writer = _ValueWriter(draw, inputs, is_alone=is_alone, unread={inputs[-1]})
        cells[name] = writer.cell(name)
    network = f"""network {{
    stem conv(3, out = C)
    cells {", ".join(layout)}
    head global_avg_pool -> linear(classes)
    channels 4
}}
evaluate {{ channels 4; auxiliary 0 }}
"""
    used = [*cells.values()]
    if any("inside(" in text for text in used):
        used.insert(0, _INSIDE)
    return SpaceText("\n".join([_VALUED_HEADER, *gates, *used, network]), (2, 6, 5), 3)


_ROW_OPERATIONS = (
    *("identity", "skip_connect", "none", "linear(C)", "linear(2*C) -> relu -> linear(C)"),
    *("tanh", "linear(C) -> batch_norm", "multiply(identity, sigmoid)", "layer_norm"),
    *("concat(split(2, 1), split(2, 0))", "mean(linear(C), relu)", "softmax", "scale(0.5)"),
)
_ROW_INNER = (
    "",
    "(linear({1, 2} * C) -> linear(C)), ",
    "(linear(C) -> {relu, tanh, layer_norm}), ",
)


@st.composite
def row_spaces(draw: st.DrawFn) -> SpaceText:
    """Draw a search space for rows of numbers."""
    nodes = draw(st.integers(1, 3))
    operations = draw(st.lists(st.sampled_from(_ROW_OPERATIONS), min_size=2, max_size=4))
    names = [f"made{n}" for n in range(len(operations))]
    found = [f"op {name} = {text}" for name, text in zip(names, operations, strict=True)]
    output = draw(st.sampled_from(("last", "sum", "mean", "concat")))
    head = draw(st.sampled_from(("linear(classes)", "relu -> linear(classes)")))
    text = f"""use std.cnn
op fitted = linear(C)
{chr(10).join(found)}
cell block {{
    inputs      {draw(st.integers(1, 2))}
    preprocess  fitted
    nodes       {nodes}
    choose      linear(C), {draw(st.sampled_from(_ROW_INNER))}{", ".join(names)}
    keep        1
    output      {output}
}}
network {{
    stem      linear(C)
    cells     block{draw(st.sampled_from(("", " * 2", ", block")))}
    head      {head}
    channels  4
}}
evaluate {{ channels 4 }}
"""
    return SpaceText(text, (draw(st.integers(2, 6)),), draw(st.integers(2, 3)))


_RATED = ("add", "multiply", "max", "min", "concat", "weighed")


@st.composite
def rating_spaces(draw: st.DrawFn) -> SpaceText:
    """Draw a search space for ratings: what joins a user and an item, and functions of both."""
    functions = ("searched(entrywise)", "searched(linear(C))", "tanh", "linear(C)")
    p, q = (draw(st.sampled_from(functions)) for _ in range(2))
    several = st.lists(st.sampled_from(_RATED), min_size=2, max_size=4, unique=True)
    joins = [f"{join} -> linear(C)" for join in draw(several)]
    head = draw(st.sampled_from(("bounded_linear(classes)", "tanh -> linear(classes)")))
    unknown = draw(st.sampled_from(("unknown = true", "")))
    embedding = f"embedding({unknown})" if unknown else "embedding"
    text = f"""use papers.sif
op weighed = add(multiply(operand(1), operand(2) -> sigmoid), operand(2))
cell joining {{
    inputs  user, item
    let p = {p}(user)
    let q = {q}(item)
    node n1 = {{{", ".join(joins)}}}(p, q)
    node n2 = {{tanh, linear(C)}}(n1) + {{linear(C), identity}}(p)
    output  n2
}}
network {{
    stem      user: {embedding}, item: {embedding}
    cells     joining
    head      {head}
    channels  4
}}
evaluate {{ channels 4 }}
"""
    return SpaceText(text, (), 1)
