use papers.darts
export { formats onnx, pyton }
