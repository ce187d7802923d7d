"""Reading ONNX files without the onnx package: fields, parts of graphs, stored weights."""
