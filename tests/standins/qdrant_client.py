"""As much of `qdrant_client` as the examples use."""


class QdrantClient:
    def __init__(self, path=None):
        self.path = path

    def close(self):
        pass
