"""The search space: cells as DAGs whose edges choose among operations, and the network of cells.

An architecture is a space in which every choice is made.
"""
