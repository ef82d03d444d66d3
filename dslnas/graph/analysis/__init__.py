"""Facts computed from a primitive graph: shapes, costs, memory, liveness."""
