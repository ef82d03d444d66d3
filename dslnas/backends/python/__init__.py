"""Primitive graph to a Python module that needs torch and safetensors alone.

`module.PythonModule` is the way in. `regions` divides the graph into cells and the network around
them, and finds the operations in each; `instances` and `plan` read operations, cells and the
network as classes, whose lines `statements` writes. `classes` and `parameters` decide which
instances share a class. Templates write it down, laid out by `text`: neither torch nor a formatter
is needed to do so.
"""
