"""Rules that know the words of the tables: keys of settings, methods and sources of data.

The grammar of the language takes any name there, so that the checker can say what is near.
"""

from __future__ import annotations

from collections.abc import Iterable

from dslnas.language.check.gate_body import OUTPUT
from dslnas.language.describe.rules import Choice, Expression, Literal, Reference, Repeat, Rules
from dslnas.language.describe.rules import Sequence as Parts
from dslnas.language.syntax.tokens import BREAK, STATEMENTS
from dslnas.settings.sections import CellSettings
from dslnas.settings.spec import SECTIONS


def with_words(rules: Rules) -> dict[str, Expression]:
    """Return the rules of the language, with those of sections and settings for each kind."""
    kinds = STATEMENTS["SECTION"]
    changed: dict[str, Expression] = {}
    for name, rule in rules.items():
        match name:
            case "section":
                changed[name] = Choice(tuple(Reference(_of(kind, name)) for kind in kinds))
                changed |= {_of(kind, name): _section(kind) for kind in kinds}
            case "block":
                changed |= {_of(kind, name): _block(kind) for kind in kinds}
            case "setting":
                changed |= {_of(kind, name): _setting(_keys(kind)) for kind in kinds}
                changed["cell_setting"] = _setting(CellSettings.all_keys())
                changed["gate_setting"] = _setting([OUTPUT])
            case "statement" | "part":
                kind = "cell" if name == "statement" else "gate"
                assert isinstance(rule, Choice)
                others = (part for part in rule.parts if part != Reference("setting"))
                changed[name] = Choice((Reference(f"{kind}_setting"), *others))
            case _:
                changed[name] = rule
    return changed


def _of(kind: str, rule: str) -> str:
    return f"{kind}_{rule}"


def _section(kind: str) -> Expression:
    names = [
        str(model.model_fields[model.tag].default)
        for model in SECTIONS
        if model.kind == kind and model.tag
    ]
    name = (Repeat(_one_of(names), "?"),) if names else ()
    return Parts((Literal(kind), *name, Repeat(Reference(_of(kind, "block")), "?")))


def _block(kind: str) -> Expression:
    setting = Reference(_of(kind, "setting"))
    listed = Parts((setting, Repeat(Parts((Reference(BREAK), setting)), "*")))
    return Parts((Literal("{"), Repeat(listed, "?"), Literal("}")))


def _keys(kind: str) -> list[str]:
    models = [model for model in SECTIONS if model.kind == kind]
    return [*dict.fromkeys(key for model in models for key in model.all_keys())]


def _setting(keys: Iterable[str]) -> Expression:
    return Parts((_one_of(keys), Reference("values")))


def _one_of(words: Iterable[str]) -> Choice:
    return Choice(tuple(map(Literal, words)))
