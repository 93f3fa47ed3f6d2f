"""Messages written to files."""


def export(path: str, messages: list[str]) -> None:
    with open(path, "w", encoding="utf-8") as target:
        for message in messages:
            target.write(message + "\n")
