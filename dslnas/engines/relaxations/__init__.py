"""How alpha weighs the operations of an edge."""
