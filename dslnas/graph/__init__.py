"""The graph of primitives: what the backends read and the passes rewrite."""
