"""Primitive graph to a Python module that needs torch and safetensors alone.

`module.to_python` is the way in. `blocks` and `cells` read the graph, `classes` and `parameters`
decide which parts share a class, `plan` puts the network together, and `render`, `text` and the
templates write it down. Neither torch nor a formatter is needed to do so.
"""
