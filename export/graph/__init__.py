"""From a trained network to an ONNX graph with its Grad-CAM, verified, and back."""
