"""Learning at night from what happened by day."""

from collections.abc import Iterable

import torch
from torch import nn


def train(model: nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """Keeps the graph of every batch until the end of the epoch."""
    optimizer = torch.optim.Adam(model.parameters())
    criterion = nn.MSELoss()
    losses = []
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss)  # leak LW501
    return float(sum(losses)) / max(len(losses), 1)


def train_frugally(model: nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """Keeps a number per batch."""
    optimizer = torch.optim.Adam(model.parameters())
    criterion = nn.MSELoss()
    losses = []
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / max(len(losses), 1)
