"""What networks are trained for: one file per task. Shared code asks the task what it needs."""
