"""The gradients that alpha is trained with: bilevel, mixed-level, first and second order."""
