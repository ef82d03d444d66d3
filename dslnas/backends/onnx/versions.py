"""Versions that a model declares: its operator set, and the format of its file.

An operator of an opset is known to every later one. Forms that emitters write mean the same in all
opsets that have them, so that a model may declare the oldest: then most runtimes load it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper
from onnx.defs import SchemaError, get_schema, onnx_opset_version

from dslnas.diagnostics import UserError, user_error
from dslnas.settings.sections import OLDEST_OPSET


@dataclass(frozen=True)
class Versions:
    """Versions to declare; None: the oldest that the nodes of a model allow."""

    opset: int | None = None
    ir_version: int | None = None


OLDEST = Versions()


def declare(model: ModelProto, versions: Versions = OLDEST) -> None:
    """Let a model declare versions, and check it whole, with the shapes of all that it computes.

    Raises:
        UserError: NAS713 if a node needs a later opset than it is to declare.
    """
    given = versions.opset
    _check_known(given)
    for opset in _opsets_with(model):
        if given is not None and opset != given:
            continue
        del model.opset_import[:]
        model.opset_import.append(helper.make_opsetid("", opset))
        model.ir_version = versions.ir_version or helper.find_min_ir_version_for(model.opset_import)
        try:
            check_whole(model)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
            if opset == onnx_opset_version():
                raise
        else:
            return
    raise _refusal(model, given or onnx_opset_version())


def check_whole(model: ModelProto) -> None:
    """Check a model as strictly as ONNX does: its nodes, types, and shapes with what sizes are."""
    onnx.checker.check_model(model)
    shapes = ModelProto()
    shapes.CopyFrom(model)
    for tensor in shapes.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:  # weights, which no shape depends on
            tensor.ClearField("raw_data")
    onnx.shape_inference.infer_shapes(shapes, check_type=True, strict_mode=True, data_prop=True)


def nodes_of(graph: GraphProto) -> Iterator[NodeProto]:
    """Yield the nodes of a graph, and those of the bodies of its loops."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from nodes_of(attribute.g)


def _opsets_with(model: ModelProto) -> Iterator[int]:
    """Yield the opsets that have all nodes of a model in their forms, the oldest first."""
    forms = set(map(_form, nodes_of(model.graph)))
    for opset in range(OLDEST_OPSET, onnx_opset_version() + 1):
        if all(_has(opset, form) for form in forms):
            yield opset


@dataclass(frozen=True)
class _Form:
    """How a node uses its operator; `attributes`: names, with the numbers of their types."""

    operator: str
    domain: str
    inputs: int
    outputs: int
    attributes: frozenset[tuple[str, int]]


def _form(node: NodeProto) -> _Form:
    attributes = frozenset((attribute.name, int(attribute.type)) for attribute in node.attribute)
    return _Form(node.op_type, node.domain, len(node.input), len(node.output), attributes)


@cache
def _has(opset: int, form: _Form) -> bool:
    """Whether an opset has an operator in a form, with the meaning that the newest gives it.

    A default that has changed since is the sign of another meaning: Softmax took all axes from one
    on for one axis once, by default the first behind the batch.
    """
    try:
        schema = get_schema(form.operator, opset, form.domain)
    except SchemaError:
        return False
    known = schema.attributes
    # the stubs do not say that a type is an enumeration
    types = {(name, one.type.value) for name, one in known.items()}  # type: ignore[attr-defined]
    newest = get_schema(form.operator, onnx_opset_version(), form.domain).attributes
    return (
        not schema.deprecated
        and schema.min_input <= form.inputs <= schema.max_input
        and form.outputs <= schema.max_output
        and form.attributes <= types
        and all(
            known[name].default_value == newest[name].default_value
            for name in known.keys() & newest.keys()
        )
    )


def _check_known(opset: int | None) -> None:
    newest = onnx_opset_version()
    if opset is not None and opset > newest:
        raise user_error(
            "NAS713",
            f"opset {opset} is newer than those that onnx {onnx.__version__} knows, "
            f"the last of which is {newest}",
            where="export.opset",
            help="leave `opset` out: then the oldest that has all nodes is declared",
        )


def _refusal(model: ModelProto, opset: int) -> UserError:
    """Return the error about a node that an opset does not have."""
    trial = ModelProto()
    trial.CopyFrom(model)
    declare(trial)
    (oldest,) = (declared.version for declared in trial.opset_import)
    wrong = next((node for node in nodes_of(model.graph) if not _has(opset, _form(node))), None)
    who = "a node" if wrong is None else f"operator {wrong.op_type} of node `{wrong.name}`"
    return user_error(
        "NAS713",
        f"{who} needs opset {oldest}, not {opset}",
        where="export.opset",
        help=f"write `opset {oldest}`, or leave it out: then the oldest that has all is declared",
    )
