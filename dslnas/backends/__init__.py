"""What reads the primitive graph: PyTorch, ONNX and Python source. They do not know each other."""
