"""Text to syntax tree: the grammar, the tree, and what is said when a text does not parse."""
