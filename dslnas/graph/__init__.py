"""The graph of primitives that backends read and passes rewrite: shapes, weights, text, laws."""
