"""Training and export: the only importers of torch and onnx. Installed as ``polyplive.export``."""
