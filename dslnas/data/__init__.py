"""Examples to learn from: reading, dividing, changing and serving them.

Readers know file formats; `readers` and `text` know the shape of data without loading them and
without torch. The split that trains the architecture is never the one that is reported: see
`dataset.Data`.
"""
