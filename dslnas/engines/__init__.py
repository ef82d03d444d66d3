"""Search methods. One file each; they see batches, losses, alpha and weights, never a cell."""
