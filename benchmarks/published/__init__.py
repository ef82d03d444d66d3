"""The published networks and search steps in plain PyTorch, as one writes them after the papers.

A module per operation, a Python loop over the edges of a cell: what this package is compared with.
Nothing here knows of it, and the tests hold both against the same reference numbers.
"""
