"""Rewrites of the primitive graph that keep what it computes. None imports a backend."""
