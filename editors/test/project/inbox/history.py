"""What was searched for. No editor opens this file: what is found in it is shown all the same."""

_searches: list[str] = []


def search(words: str) -> None:
    _searches.append(words)
