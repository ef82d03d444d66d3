"""Primitive graph to a Python module that needs torch and safetensors alone.

`module.to_python` is the way in. `regions` divides the graph into cells and the network around
them, and finds the operations in each; `blocks`, `cells` and `plan` read operations, cells and the
network as classes, whose lines `statements` writes. `classes` and `parameters` decide which
instances share a class; `render`, `text` and the templates write it down. Neither torch nor a
formatter is needed to do so.
"""
