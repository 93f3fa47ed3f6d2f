"""As much of `numpy` as the examples use: rows of numbers, copied whole as arrays are."""


class ndarray:
    def __init__(self, rows):
        self.rows = rows


def empty(shape):
    return ndarray([[0.0] * shape[1] for _ in range(shape[0])])


def zeros(shape):
    return ndarray([0.0] * shape) if isinstance(shape, int) else empty(shape)


def vstack(parts):
    rows = []
    for part in parts:
        rows.extend(part.rows if part.rows and isinstance(part.rows[0], list) or not part.rows else [part.rows])
    return ndarray(rows)
