"""Help while a spec is written: completions, explanations, definitions, renaming, for any editor.

Everything here answers for a text and a place in it, half-written text too, and knows no protocol.
"""
