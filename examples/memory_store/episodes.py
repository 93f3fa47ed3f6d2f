"""The episodes of an agent, in the order in which they happened."""

from collections import deque
from dataclasses import dataclass, field
from time import time


@dataclass(frozen=True)
class Episode:
    observation: str
    action: str
    reward: float
    at: float = field(default_factory=time)


class EpisodeBuffer:
    """Keeps every episode of the process's life."""

    def __init__(self) -> None:
        self.episodes: list[Episode] = []

    def record(self, episode: Episode) -> None:
        self.episodes.append(episode)  # leak LW101

    def recent(self, count: int = 10) -> list[Episode]:
        return list(self.episodes)[-count:]


class RecentEpisodes:
    """Keeps the last episodes only."""

    def __init__(self, capacity: int = 10_000) -> None:
        self.episodes: deque[Episode] = deque(maxlen=capacity)

    def record(self, episode: Episode) -> None:
        self.episodes.append(episode)

    def recent(self, count: int = 10) -> list[Episode]:
        return list(self.episodes)[-count:]
