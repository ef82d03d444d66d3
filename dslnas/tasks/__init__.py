"""Tasks that networks are trained for, one per file. Shared code asks the task what it needs."""
