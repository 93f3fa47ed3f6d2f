"""Layers and losses: each result holds its graph."""

from . import Node, Tensor


class Module:
    def parameters(self):
        return []

    def __call__(self, *inputs):
        return Tensor(0.5, Node(*inputs))


class Linear(Module):
    def __init__(self, inputs, outputs):
        self.weight = Tensor(1.0)


class MSELoss(Module):
    pass
