"""What happens to the agent, told to whoever wants to know."""

import weakref
from collections.abc import Callable

Handler = Callable[[str], None]


class EventBus:
    """Lives as long as the process."""

    def __init__(self) -> None:
        self._handlers: list[Handler] = []

    def subscribe(self, handler: Handler) -> None:
        self._handlers.append(handler)

    def unsubscribe(self, handler: Handler) -> None:
        self._handlers.remove(handler)

    def publish(self, event: str) -> None:
        for handler in list(self._handlers):
            handler(event)


bus = EventBus()


class Session:
    """A conversation, which the bus keeps alive after it has ended."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.last_event = ""
        bus.subscribe(self.on_event)  # leak LW401

    def on_event(self, event: str) -> None:
        self.last_event = event


class ClosingSession:
    """A conversation that takes its leave of the bus."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.last_event = ""
        bus.subscribe(self.on_event)

    def on_event(self, event: str) -> None:
        self.last_event = event

    def close(self) -> None:
        bus.unsubscribe(self.on_event)


class Thought:
    """A tree whose nodes hold each other: freed by the garbage collector only."""

    def __init__(self, text: str, parent: "Thought | None" = None) -> None:
        self.text = text
        self.parent = parent  # leak LW402 (information)
        self.children: list[Thought] = []
        if parent is not None:
            parent.children.append(self)


class WeakThought:
    """A tree whose nodes are freed with their root."""

    def __init__(self, text: str, parent: "WeakThought | None" = None) -> None:
        self.text = text
        self.parent = weakref.ref(parent) if parent is not None else None
        self.children: list[WeakThought] = []
        if parent is not None:
            parent.children.append(self)
