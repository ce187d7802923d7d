"""The mean of a convolution over positions, without the convolution.

Of the gradient at the CAM layer, Grad-CAM needs only the mean over positions (Selvaraju et al., ICCV 2017, eq. 1). The
last step of the backward pass there is a convolution. A convolution is linear, so its mean is the kernel applied once,
to the mean of what each tap sees. That is exact, and for a 4x4 kernel on 22x22 a hundredth of the work.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.fx import GraphModule, Node

aten = torch.ops.aten


def shorten_means(graph: GraphModule) -> int:
    """Rewrite every ``mean`` over rows and columns of a convolution in place; gives how many there were."""
    found = 0
    for node in list(graph.graph.nodes):
        if _keeps_rows_and_columns(node) and _is_plain_convolution(node.args[0]):
            _shorten(graph, node, node.args[0], found)
            found += 1
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return found


def _keeps_rows_and_columns(node: Node) -> bool:
    """Whether it is a mean of [N, C, h, w] over rows and columns that gives [N, C, 1, 1]."""
    return node.target == aten.mean.dim and list(node.args[1]) == [2, 3] and node.args[2:3] == (True,)


def _is_plain_convolution(node: Node) -> bool:
    if node.target != aten.convolution.default or len(node.users) != 1:
        return False
    _, _, bias, _, _, dilation, transposed, _, groups = node.args
    return bias is None and list(dilation) == [1, 1] and not transposed and groups == 1


def _shorten(graph: GraphModule, mean: Node, convolution: Node, number: int) -> None:
    given, weight, _, stride, padding, *_ = convolution.args
    sizes, kernel, ends = _shape(given)[2:], _shape(weight)[2:], _shape(convolution)[2:]
    names = []
    for axis, name in enumerate(("rows", "columns")):
        names.append(f"mean_{name}_{number}")
        seen = _seen(sizes[axis], kernel[axis], ends[axis], stride[axis], padding[axis])
        graph.register_buffer(names[-1], seen if axis == 0 else seen.T.contiguous())
    with graph.graph.inserting_before(mean):
        rows, columns = (graph.graph.get_attr(name) for name in names)
        by_rows = graph.graph.call_function(aten.matmul.default, (rows, given))
        both = graph.graph.call_function(aten.matmul.default, (by_rows, columns))
        short = graph.graph.call_function(
            aten.convolution.default, (both, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)
        )
    mean.replace_all_uses_with(short)
    graph.graph.erase_node(mean)


def _shape(node: Node) -> tuple[int, ...]:
    return tuple(node.meta["val"].shape)


def _seen(size: int, taps: int, ends: int, stride: int, padding: int) -> Tensor:
    """float32 [taps, size]: the share of the convolution's ``ends`` places at which each tap lies on each input."""
    shares = torch.zeros(taps, size)
    for tap in range(taps):
        for end in range(ends):
            place = stride * end + tap - padding
            if 0 <= place < size:
                shares[tap, place] += 1 / ends
    return shares
