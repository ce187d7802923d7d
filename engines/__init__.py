"""The shipped ONNX graphs with their manifests. Compiled engines of a checkout are cached in ``cache/``."""
