use papers.darts
export { formats onnx, python }
