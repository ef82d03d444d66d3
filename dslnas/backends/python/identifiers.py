"""Identifiers of the generated module, whatever the user called his cells, nodes and operations."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass, field

_UNSAFE = frozenset({*keyword.kwlist, *dir(builtins), "self", "torch", "nn", "l"})

VARIABLES = _UNSAFE
"""Names that no argument or variable may have; `l` looks like 1."""

ATTRIBUTES = _UNSAFE | {
    "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu",
    "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward", "get_buffer",
    "get_extra_state", "get_parameter", "get_submodule", "half", "ipu", "load_state_dict",
    "modules", "mtia", "named_buffers", "named_children", "named_modules", "named_parameters",
    "parameters", "register_backward_hook", "register_buffer", "register_forward_hook",
    "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
    "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "xpu", "zero_grad",
}  # fmt: skip
"""Names that no attribute of a generated class may have: `torch.nn.Module` has them."""

CLASSES = _UNSAFE | {
    "CLASSES", "Network", "Path", "SIZES", "Shift", "Split", "States", "TiedLinear", "Zero",
}  # fmt: skip
"""Names that no generated class may have."""


@dataclass
class Names:
    """Hands out identifiers of one scope, each only once.

    A second one of a name is numbered behind `separator`, a reserved one gets an `ending`.
    """

    reserved: Collection[str]
    longest: int
    separator: str = "_"
    ending: str = "_"
    _given: set[str] = field(default_factory=set)

    def take(self, wish: str) -> str:
        """Return `wish` if it is free, and else the first numbered name like it."""
        base = wish[: self.longest].rstrip("_")
        base += self.ending if base in self.reserved else ""
        name, count = base, 1
        while name in self._given or name in self.reserved:
            count += 1
            number = f"{self.separator}{count}"
            name = base[: self.longest - len(number)].rstrip("_") + number
        self._given.add(name)
        return name


def variable_names(reserved: Collection[str] = ()) -> Names:
    """Return the names of the arguments and variables of one method."""
    return Names(VARIABLES.union(reserved), 24)


def attribute_names() -> Names:
    """Return the names of the attributes of one class."""
    return Names(ATTRIBUTES, 40)


def class_names() -> Names:
    """Return the names of the classes of one module."""
    return Names(CLASSES, 32, separator="", ending="Op")


def snake_case(text: str) -> str:
    """Return an identifier of lower case; it may still be a reserved word.

    >>> snake_case("n1_in2/sep_conv(3)")
    'n1_in2_sep_conv_3'
    """
    name = re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_") or "value"
    return f"v{name}" if name[0].isdigit() else name


def camel_case(text: str) -> str:
    """Return an identifier for a class; it may still be a reserved word.

    >>> camel_case("sep_conv")
    'SepConv'
    """
    words = re.findall(r"[0-9a-zA-Z]+", text)
    name = "".join(word[0].upper() + word[1:] for word in words) or "Value"
    return f"Op{name}" if name[0].isdigit() else name
