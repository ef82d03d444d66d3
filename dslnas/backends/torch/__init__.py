"""The PyTorch backend: networks and supernets that run a plan made from the primitive graph."""
