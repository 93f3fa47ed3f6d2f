"""How memories relate (in neo4j) and which resemble each other (in qdrant)."""

from neo4j import GraphDatabase
from qdrant_client import QdrantClient


class MemoryGraph:
    """Closes one of its two stores."""

    def __init__(self, uri: str, auth: tuple[str, str]) -> None:
        self.driver = GraphDatabase.driver(uri, auth=auth)  # leak LW311
        self.vectors = QdrantClient(path="vectors")

    def related(self, text: str) -> list[dict[str, object]]:
        with self.driver.session() as session:
            return session.run("match (m {text: $text})--(other) return other", text=text).data()

    def close(self) -> None:
        self.vectors.close()


class ClosingMemoryGraph:
    """Closes both, also when one of them fails."""

    def __init__(self, uri: str, auth: tuple[str, str]) -> None:
        self.vectors = QdrantClient(path="vectors")
        try:
            self.driver = GraphDatabase.driver(uri, auth=auth)
        except BaseException:
            self.vectors.close()
            raise

    def related(self, text: str) -> list[dict[str, object]]:
        with self.driver.session() as session:
            return session.run("match (m {text: $text})--(other) return other", text=text).data()

    def close(self) -> None:
        try:
            self.vectors.close()
        finally:
            self.driver.close()
