"""Examples to learn from: reading, dividing, changing and serving them.

`describe` knows the shape of the data without loading it and without torch; `tensors` loads.
The split that trains the architecture is never the one that is reported: see `tensors.Data`.
"""
