"""Primitive graph and weights to ONNX models, written node by node: no tracing, no torch.

`model.to_onnx` is the way in, and `sequence.to_onnx_sequence` for whole texts. Passes leave the
part that predicts, `fold` computes its weights, and the table in `emitters` writes what is left.
Weights cross the border as numpy arrays by name.
"""
