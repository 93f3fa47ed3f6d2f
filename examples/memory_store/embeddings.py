"""Embeddings of texts: costly to compute, so their results are kept."""

import hashlib
from functools import lru_cache

_vectors: dict[str, list[float]] = {}


def compute_vector(text: str) -> list[float]:
    digest = hashlib.blake2b(text.encode(), digest_size=32).digest()
    return [byte / 255 for byte in digest]


def embed(text: str) -> list[float]:
    """Keeps a vector for every text that was ever seen."""
    if text not in _vectors:
        _vectors[text] = compute_vector(text)  # leak LW201
    return _vectors[text]


@lru_cache(maxsize=None)  # leak LW202
def count_tokens(text: str) -> int:
    """Keeps a number, and the text with it, for every text that was ever seen."""
    return len(text.split())


@lru_cache(maxsize=4096)
def count_words(text: str) -> int:
    """Keeps the numbers of the last texts."""
    return len(text.split())


class EmbeddingStore:
    """Keeps the vectors of the last texts."""

    def __init__(self, capacity: int = 4096) -> None:
        self.capacity = capacity
        self._vectors: dict[str, list[float]] = {}

    def embed(self, text: str) -> list[float]:
        vector = self._vectors.pop(text, None)
        if vector is None:
            vector = compute_vector(text)
        self._vectors[text] = vector
        if len(self._vectors) > self.capacity:
            del self._vectors[next(iter(self._vectors))]
        return vector
