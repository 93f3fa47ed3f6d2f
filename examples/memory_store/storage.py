"""Memories on disk: a database, and files to exchange them."""

import json
import sqlite3
from contextlib import closing


def export(path: str, memories: list[dict[str, str]]) -> None:
    """Leaves it to the garbage collector to write what is buffered."""
    target = open(path, "w", encoding="utf-8")  # leak LW301
    for memory in memories:
        target.write(json.dumps(memory) + "\n")


def export_all(path: str, memories: list[dict[str, str]]) -> None:
    with open(path, "w", encoding="utf-8") as target:
        for memory in memories:
            target.write(json.dumps(memory) + "\n")


def recall(database: str, topic: str) -> list[str]:
    """`with` on the connection ends the transaction, and leaves the connection open."""
    with sqlite3.connect(database) as connection:  # leak LW303
        rows = connection.execute("select text from memories where topic = ?", (topic,))
        return [text for (text,) in rows]


def recall_closing(database: str, topic: str) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("select text from memories where topic = ?", (topic,))
        return [text for (text,) in rows]
