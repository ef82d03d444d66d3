"""The names that a cell gives: inputs, states, values and nodes, each once."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dslnas.diagnostics import Diagnostics
from dslnas.language.check.calls import BODY_NAMES
from dslnas.language.check.cell_parts import FIRST, CellParts
from dslnas.source import Span
from dslnas.spelling import another_name, did_you_mean, renamed, words_at


class CellNames:
    """Names of a cell; NAS204 for those that are taken is recorded.

    Attributes:
        values: With `first` as the last.
        are_known: Whether all could be read; not if `states` or `inputs` may be misspelt.
    """

    def __init__(self, parts: CellParts, diagnostics: Diagnostics) -> None:
        inputs = parts.settings.inputs
        if isinstance(inputs, int):
            inputs = tuple(f"in{i + 1}" for i in range(inputs))
        self.inputs = inputs
        self.states = parts.settings.states
        self.values = [let.name.text for let in parts.lets]
        self.values += [FIRST] if FIRST in parts.given else []
        numbered = [f"n{number + 1}" for number in range(parts.settings.nodes or 0)]
        self.nodes = list(dict.fromkeys(node.name.text for node in parts.spelt)) or numbered
        # `states none` has a value that is no name; another one is reported as what it is.
        written = parts.given["states"].values[0].span.text if "states" in parts.given else "none"
        self.are_known = bool(self.states) or written == "none"
        self.are_known &= not any(did_you_mean(key, ("inputs", "states")) for key in parts.unknown)
        self._check(parts, diagnostics, () if parts.spelt else numbered)

    @property
    def all(self) -> list[str]:
        """Everything that can be read."""
        return [*self.inputs, *self.states, *self.values, *self.nodes]

    def _check(self, parts: CellParts, diagnostics: Diagnostics, numbered: Collection[str]) -> None:
        taken: dict[str, Span | None] = {}
        for what, name, span in self._with_places(parts):
            if what == "value" and name in BODY_NAMES:
                message = f"value `{name}` has a meaning of its own"
                help = renamed(span, parts.definition.span) if span else ""
                diagnostics.add("NAS204", message, span, help=help)
            elif name in numbered:
                message = f"{what} `{name}` is the name of a node"
                help = another_name(span, safe=what == "input" and _is_unread(span, parts))
                diagnostics.add("NAS204", message, span, help=help)
            elif name in taken:
                is_sure = what == "input" and _is_unread(span, parts)
                help = another_name(span, safe=is_sure)
                diagnostics.add_taken(what, name, span, taken[name], help)
            taken.setdefault(name, span)

    def _with_places(self, parts: CellParts) -> Iterator[tuple[str, str, Span | None]]:
        """Yield all names that are written, with what they are and where."""
        for key, what, names in (
            ("inputs", "input", self.inputs),
            ("states", "state", self.states),
        ):
            written = parts.given[key].values if key in parts.given else ()
            spans = [value.span for value in written] if len(written) == len(names) else []
            for place, name in enumerate(names):
                yield what, name, spans[place] if spans else None
        if FIRST in parts.given:
            yield "value", FIRST, parts.given[FIRST].key.span
        for let in parts.lets:
            yield "value", let.name.text, let.name.span
        for node in parts.spelt:
            yield "node", node.name.text, node.name.span


def _is_unread(span: Span | None, parts: CellParts) -> bool:
    """Whether a cell names an input nowhere but in `inputs`, so that any other name will do."""
    if span is None:
        return False
    inputs, whole = parts.given["inputs"].values_span.text, parts.definition.span.text
    named, all_named = (sum(1 for _ in words_at(text, span.text)) for text in (inputs, whole))
    return named == all_named
