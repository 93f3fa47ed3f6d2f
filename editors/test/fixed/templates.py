"""Texts read from files."""


def header(path: str) -> str:
    with open(path) as f:
        text = f.read()
    return text


def footer(path: str) -> str:
    with open(path) as f:
        text = f.read()
    return text
