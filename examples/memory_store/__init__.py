"""A memory store for an agent: what it lived through, what it remembers, and how it learns from it."""
