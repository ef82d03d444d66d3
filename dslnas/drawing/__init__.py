"""Cells, networks and graphs of primitives as a person would draw them for a paper.

A reader (`cells`, `networks`, `primitives`) makes a `Figure`, a networkx graph of boxes; `layout`
finds their places, and a writer (`svg`, `dot`, `png`) puts them down.
"""
