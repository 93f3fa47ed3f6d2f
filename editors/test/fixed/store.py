"""Messages as they come in."""

from collections import deque


class MessageStore:
    """Keeps every message that was ever received."""

    def __init__(self) -> None:
        self.messages: deque[str] = deque(maxlen=500)

    def receive(self, message: str) -> None:
        self.messages.append(message)

    def latest(self) -> str:
        return self.messages[-1]
