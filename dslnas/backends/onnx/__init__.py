"""Primitive graph and weights to an ONNX model, written node by node: no tracing, no torch.

`model.to_onnx` is the way in. It runs `inference` and `fold`, graph to graph, and then writes what
is left with the table in `emitters`. Weights cross the border as numpy arrays by name.
"""
