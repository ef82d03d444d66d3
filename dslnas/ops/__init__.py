"""What a primitive is: its arguments, shape rule, weights and cost. Free of torch and onnx.

Every backend has a table with one form per primitive; a test walks all the tables.
"""
