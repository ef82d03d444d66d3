"""A page for browsers that labels pictures: the model, ONNX Runtime and the program in one file."""
