"""The memory limit of an invocation -> how many bytes of pictures of one video may be held at one time.

The allocator keeps a pool for each thread that ever decoded a picture, and each keeps its high-water mark; settings of
glibc end that: one pool for all threads, and large blocks that go back to the system as they are freed.
Source: mallopt(3), Linux man-pages 6.9, read 2026-11-25.
"""

import ctypes
import resource
from pathlib import Path

MIB = 1024 * 1024
DEFAULT_LIMIT_MB = 512  # where the context does not say
_RESERVE_BYTES = 24 * MIB  # for connections, documents and what the interpreter takes meanwhile
_MIN_BUDGET_BYTES = 8 * MIB
_SHARE_OF_FILES = 0.35  # of the budget: picture files that wait; the rest is for decoding and rendering
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE_BLOCK_BYTES = 256 * 1024
_PAGE_BYTES = resource.getpagesize()


class MemoryBudget:
    """Bytes that may be held at one time; used by one thread.

    A request for more than the whole budget is granted when nothing else is held, so that a video whose pictures do
    not fit side by side is made one picture at a time. `alone_bytes` is what such a request may have at most; whoever
    plans holds to it.
    """

    def __init__(self, total_bytes: int, *, alone_bytes: int | None = None) -> None:
        self.total_bytes = total_bytes
        self.alone_bytes = alone_bytes
        self._held = 0

    def limit(self, total_bytes: int) -> None:
        """Lower the number of bytes that may be held at one time; a higher number than now changes nothing."""
        self.total_bytes = min(self.total_bytes, max(0, total_bytes))

    def try_acquire(self, size_bytes: int) -> bool:
        """Take this many bytes if they are free now."""
        if self._held and self._held + size_bytes > self.total_bytes:
            return False
        self._held += size_bytes
        return True

    def release(self, size_bytes: int) -> None:
        """Give back what was taken."""
        self._held -= size_bytes


def free_bytes(limit_mb: int | None) -> int:
    """Return the bytes that an invocation may take for pictures, over what the process takes now."""
    limit_bytes = (limit_mb or DEFAULT_LIMIT_MB) * MIB
    return max(limit_bytes - _resident_bytes() - _RESERVE_BYTES, _MIN_BUDGET_BYTES)


def budgets_of(total_bytes: int) -> tuple[MemoryBudget, MemoryBudget]:
    """Return the budgets of one video for picture files and for rendering, out of so many bytes."""
    files = int(total_bytes * _SHARE_OF_FILES)
    return MemoryBudget(files), MemoryBudget(total_bytes - files, alone_bytes=total_bytes)


def tune_allocator() -> None:
    """Give free memory back to the system, now and when it is freed; does nothing where the C library is not glibc."""
    try:
        library = ctypes.CDLL("libc.so.6")
        mallopt, trim = library.mallopt, library.malloc_trim
    except (OSError, AttributeError):
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)
    mallopt(_M_TRIM_THRESHOLD, _LARGE_BLOCK_BYTES)
    trim(0)


def _resident_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
