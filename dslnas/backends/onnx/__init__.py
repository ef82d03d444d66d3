"""Primitive graph and weights to ONNX models, written node by node: no tracing, no torch.

`model.to_onnx` is the way in for images, `sequence.to_onnx_sequence` for text. They run `inference`
and `fold`, graph to graph, and then write what is left with the table in `emitters`. Weights cross
the border as numpy arrays by name.
"""
