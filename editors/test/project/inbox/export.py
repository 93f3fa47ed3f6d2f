"""Messages written to files."""


def export(path: str, messages: list[str]) -> None:
    target = open(path, "w", encoding="utf-8")
    for message in messages:
        target.write(message + "\n")
