"""Costs of texts."""

from functools import lru_cache


@lru_cache(maxsize=None)
def count_tokens(text: str) -> int:
    return len(text.split())
