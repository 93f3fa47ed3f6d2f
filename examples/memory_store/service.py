"""The service: takes episodes in, remembers them, answers questions about them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from .embeddings import EmbeddingStore, count_words, embed
from .episodes import Episode, EpisodeBuffer, RecentEpisodes
from .events import bus
from .traces import EligibilityTraces, PrunedTraces


class MemoryService:
    """Lets go of the tasks that it starts, which may vanish before they are done."""

    def __init__(self) -> None:
        self.buffer = EpisodeBuffer()
        self.traces = EligibilityTraces()

    async def handle(self, episode: Episode) -> None:
        self.buffer.record(episode)
        self.traces.visit(episode.observation)
        asyncio.create_task(self.remember(episode))  # leak LW601

    async def remember(self, episode: Episode) -> None:
        await asyncio.to_thread(embed, episode.observation)
        bus.publish(episode.observation)


class FrugalMemoryService:
    """Keeps its tasks until they are done, and memories within limits."""

    def __init__(self) -> None:
        self.buffer = RecentEpisodes()
        self.traces = PrunedTraces()
        self.embeddings = EmbeddingStore()
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, episode: Episode) -> None:
        self.buffer.record(episode)
        self.traces.visit(episode.observation)
        task = asyncio.create_task(self.remember(episode))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def remember(self, episode: Episode) -> None:
        await asyncio.to_thread(self.embeddings.embed, episode.observation)
        bus.publish(episode.observation)


def warm_up(texts: list[str]) -> list[int]:
    """Leaves the threads of the pool waiting for work."""
    pool = ThreadPoolExecutor(max_workers=4)  # leak LW305
    return list(pool.map(count_words, texts))


def warm_up_once(texts: list[str]) -> list[int]:
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(count_words, texts))
