"""Readers of the primitive graph: PyTorch, ONNX and Python source, which do not know each other."""
