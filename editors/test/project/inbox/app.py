"""The one store of the process."""

from inbox.store import MessageStore

store = MessageStore()


def on_message(message: str) -> None:
    """Called for each message that comes in."""
    store.receive(message)
