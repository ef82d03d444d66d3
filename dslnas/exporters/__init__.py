"""Deployment: a trained network as an ONNX model and a Python module, proven to agree."""
