"""Search space to primitive graph: network, cells, edges, values, bodies of operations."""
