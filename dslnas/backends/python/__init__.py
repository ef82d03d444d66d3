"""Primitive graph to a Python module that needs torch and safetensors alone.

`module.to_python` is the way in. For images `blocks` and `cells` read the graph and `plan` puts the
network together; recurrent cells are read by `straight` as lines of code, and `recurrent` puts them
into their loop. `classes` and `parameters` decide which parts share a class, and `render`, `text`
and the templates write it down. Neither torch nor a formatter is needed to do so.
"""
