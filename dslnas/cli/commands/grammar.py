"""`dslnas grammar`: the language, for programs that write it."""

from __future__ import annotations

import click

FORMS = ("card", "ebnf", "gbnf")


@click.command()
@click.argument("form", type=click.Choice(FORMS), default=FORMS[0])
def grammar(form: str) -> None:
    """Print the language on a page (`card`), or its grammar as EBNF or GBNF.

    llama.cpp and others hold what a language model writes to a grammar in GBNF.
    """
    from dslnas.app.card import card_text
    from dslnas.language.describe.ebnf import ebnf_text
    from dslnas.language.describe.gbnf import gbnf_text

    click.echo({"card": card_text, "ebnf": ebnf_text, "gbnf": gbnf_text}[form](), nl=False)
