"""An index of embedding vectors that is searched by brute force."""

import numpy as np


class VectorIndex:
    """Copies all rows for each one that is added."""

    def __init__(self, dim: int) -> None:
        self.vectors = np.empty((0, dim))

    def add(self, vector: np.ndarray) -> None:
        self.vectors = np.vstack([self.vectors, vector])  # leak LW104

    def nearest(self, query: np.ndarray) -> int:
        return int(np.argmax(self.vectors @ query))


class VectorRing:
    """Overwrites the oldest row once it is full."""

    def __init__(self, dim: int, capacity: int = 10_000) -> None:
        self.vectors = np.zeros((capacity, dim))
        self.next = 0

    def add(self, vector: np.ndarray) -> None:
        self.vectors[self.next % len(self.vectors)] = vector
        self.next += 1

    def nearest(self, query: np.ndarray) -> int:
        return int(np.argmax(self.vectors @ query))
