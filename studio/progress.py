"""The progress of a long step -> a bar on a terminal while it runs; nothing in a file or a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shutil import get_terminal_size

from tqdm import tqdm

Advance = Callable[[int], object]
"""Called with the number of units that were done since the last call."""

_ROWS = 24
_DELAY_S = 1.0  # a step that is over by then shows nothing
tqdm.monitor_interval = 0  # no thread of its own: every step here reports by itself


@contextmanager
def show_progress(step: str, *, total: int, unit: str) -> Iterator[Advance]:
    """Show a bar for a step of `total` units while the block runs; it is gone afterwards."""
    with tqdm(
        total=total,
        desc=step,
        unit=unit,
        unit_scale=unit == "B",
        leave=False,
        disable=None,  # where standard error is no terminal
        delay=_DELAY_S,
        ncols=get_terminal_size().columns - 1,  # some terminals say that they have no row and no column
        nrows=_ROWS,
    ) as bar:
        yield bar.update
