"""Completions of arguments: paths of settings, error codes, names of architectures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from dslnas.settings.data import DATA
from dslnas.settings.model import Section
from dslnas.settings.search import SEARCH
from dslnas.settings.spec import SECTIONS

_NAMED: Mapping[str, Mapping[str, type[Section]]] = {"data": DATA, "search": SEARCH}
_BREAK = "="

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' kind value line
    COMPREPLY=()
    while read -r line; do
        kind=${line%%%%,*} value=${line#*,}
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value")
                   [[ $value == *= ]] && compopt -o nospace ;;
        esac
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        %(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@add_completion_class
class Bash(BashComplete):
    """Completions for Bash, which takes `=` for the end of a word: `PATH=VALUE` is three."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, and the one at it, whole again."""
        args, incomplete = super().get_completion_args()
        words = _whole([*args, incomplete])
        return words[:-1], words[-1]

    def format_completion(self, item: CompletionItem) -> str:
        """Return a completion without what Bash has already, up to the `=`."""
        words, place = os.environ["COMP_WORDS"].split(), int(os.environ["COMP_CWORD"])
        if _BREAK in words[max(0, place - 1) : place + 1]:
            item = CompletionItem(item.value.partition(_BREAK)[2], item.type)
        return super().format_completion(item)


def _whole(words: Sequence[str]) -> list[str]:
    """Return words of which those around a lone `=` are one."""
    whole: list[str] = []
    for word in words:
        joins = whole and (word == _BREAK or whole[-1].endswith(_BREAK))
        if joins:
            whole[-1] += word
        else:
            whole.append(word)
    return whole


def settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete `--set`: paths such as `search.epochs=`, and names behind `data=` and `search=`."""
    kind, found, name = incomplete.partition(_BREAK)
    if found:
        names = _NAMED.get(kind, {})
        return [
            CompletionItem(f"{kind}={known}", help=_summary(names[known]))
            for known in names
            if known.startswith(name)
        ]
    return [item for item in _paths() if item.value.startswith(incomplete)]


def codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the code of an error."""
    from dslnas.codes import CODES

    known = ((code, CODES[code].title) for code in CODES)
    return [
        CompletionItem(code, help=title)
        for code, title in known
        if code.startswith(incomplete.upper())
    ]


def architectures(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete an architecture: the name of one in the library, else a path."""
    from dslnas.language.link.sources import library_names

    named = [CompletionItem(name) for name in library_names() if name.startswith(incomplete)]
    return named or [CompletionItem(incomplete, type="file")]


def _paths() -> Iterator[CompletionItem]:
    """Yield the path of every setting once, whatever the source or the method is."""
    for kind in _NAMED:
        yield CompletionItem(f"{kind}=", help=f"another {kind} section")
    seen: set[str] = set()
    for section in SECTIONS:
        for key, meaning in _meanings(section):
            path = f"{section.kind}.{key}="
            if path not in seen and section.kind != "cell":
                seen.add(path)
                yield CompletionItem(path, help=meaning)


def _meanings(section: type[Section]) -> Iterable[tuple[str, str]]:
    fields = ((key, field.description or "") for key, field in section.settings().items())
    return chain(fields, section.expressions.items())


def _summary(section: type[Section]) -> str:
    return (section.__doc__ or "").partition("\n")[0]
