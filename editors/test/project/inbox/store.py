"""Messages as they come in."""


class MessageStore:
    """Keeps every message that was ever received."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def receive(self, message: str) -> None:
        self.messages.append(message)

    def latest(self) -> str:
        return self.messages[-1]
