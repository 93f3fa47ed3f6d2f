"""Eligibility traces: how much each memory contributed to what happens now."""


class EligibilityTraces:
    """Decays the values; the keys stay for ever."""

    def __init__(self, decay: float = 0.9) -> None:
        self.decay = decay
        self.traces: dict[str, float] = {}

    def visit(self, memory_id: str) -> None:
        for key in self.traces:
            self.traces[key] *= self.decay
        self.traces[memory_id] = self.traces.get(memory_id, 0.0) + 1.0  # leak LW101


class PrunedTraces:
    """Drops a trace once it no longer matters."""

    def __init__(self, decay: float = 0.9, floor: float = 1e-3) -> None:
        self.decay = decay
        self.floor = floor
        self.traces: dict[str, float] = {}

    def visit(self, memory_id: str) -> None:
        decayed = {key: value * self.decay for key, value in self.traces.items()}
        self.traces = {key: value for key, value in decayed.items() if value > self.floor}
        self.traces[memory_id] = self.traces.get(memory_id, 0.0) + 1.0
