"""Talks to `leakwright mcp` with the official client of the Model Context Protocol."""

import asyncio
import sys
from pathlib import Path

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client


async def talk(binary: str, folder: str, mode: str) -> None:
    parameters = StdioServerParameters(command=binary, args=["mcp", folder])
    async with Client(stdio_client(parameters), mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"mem.leaks", "mem.scan", "mem.handles", "mem.fix", "mem.report", "mem.explain"} <= set(tools)
        assert {"memory.share_learning", "memory.search"} <= set(tools)

        # The client checks structured content against the schema of the tool.
        leaks = await client.call_tool("mem.leaks", {"path": "pkg"})
        assert not leaks.is_error, leaks
        assert leaks.structured_content["total"] == 1, leaks.structured_content
        assert "`Queue.messages` only ever grows" in leaks.content[0].text

        prompt = await client.get_prompt("hunt_memory_leaks", {"path": "pkg"})
        assert prompt.messages[0].content.text.startswith("Hunt memory leaks in pkg, and write the report.")

        outside = await client.call_tool("mem.leaks", {"path": "../elsewhere"})
        assert outside.is_error and "outside of what this server may look at" in outside.content[0].text

        before = Path(folder, "pkg/leak.py").read_bytes()
        shown = await client.call_tool("mem.fix", {"unsafe_fixes": True})
        assert "+from collections import deque" in shown.content[0].text
        assert Path(folder, "pkg/leak.py").read_bytes() == before

        shared = await client.call_tool(
            "memory.share_learning",
            {"title": f"Use a ring ({mode})", "content": "Messages are dropped.", "rule": "LW101"},
        )
        assert not shared.is_error, shared
        found = await client.call_tool("memory.search", {"query": "RING"})
        assert found.structured_content["total"] >= 1, found
    print("done", mode)


binary, folder = sys.argv[1:]
for mode in ["legacy", "auto"]:
    asyncio.run(talk(binary, folder, mode))
