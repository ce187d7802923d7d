"""An imitation of PyCUDA and TensorRT on the processor, strict where the real ones are silent.

It stands in for what no machine without a GPU has, so that the calls which our adapter makes can be checked: their
order, their thread, the balance of contexts, what is freed. What it computes is real: ONNX Runtime runs the graph on
the bytes that were copied to its "device". What only a GPU can show is in ``tests/gpu``.
"""
