"""From a trained network to an ONNX graph with its heatmap, verified, and back."""
