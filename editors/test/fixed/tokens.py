"""Costs of texts."""

from functools import lru_cache


@lru_cache(maxsize=256)
def count_tokens(text: str) -> int:
    return len(text.split())
