"""Python's cycle collector in processes that hold many rows and make next to no cycles."""

import gc

# Objects made before a young collection, and how many of those before the next two ages. With the
# interpreter's own numbers a third of a fold's time goes into looking through rows that live on.
_THRESHOLDS = (50_000, 20, 100)


def tune_collector() -> None:
    """Look seldom, and never again at what stands at the start; once, as a process begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
