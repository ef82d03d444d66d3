"""Primitives: their arguments, traits, shape rules, weights and costs. Free of torch and onnx.

Every backend has a table with one form per primitive; a test walks all the tables.
"""
