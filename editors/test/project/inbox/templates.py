"""Texts read from files."""


def header(path: str) -> str:
    text = open(path).read()
    return text


def footer(path: str) -> str:
    text = open(path).read()
    return text
