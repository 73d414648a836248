"""Has what a process holds in large pages, where the machine has them."""

import asyncio
import ctypes
import mmap
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from errno import ENOMEM
from pathlib import Path
from typing import Final

from infra.tasks import cancelled

# Who ends before this has not been worth it; and later on there is more to have in large pages.
_EVERY_S: Final = 15.0

# Of the Linux ABI: madvise(2), since version 6.1.
_MADV_COLLAPSE: Final = 25

_SYSTEM: Final = Path("/sys/kernel/mm/transparent_hugepage")
# What comes of no file and is nobody else's to write.
_OWN_MEMORY: Final = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) rw-p [0-9a-f]+ 00:00 0 *(?:\[heap\])?$", re.MULTILINE
)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


@asynccontextmanager
async def large_pages() -> AsyncIterator[None]:
    """Meanwhile `take_large_pages` is called again and again, in a thread of its own."""

    async def keep_on() -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            await asyncio.to_thread(take_large_pages)

    task = asyncio.create_task(keep_on(), name="large pages")
    try:
        yield
    finally:
        await cancelled(task)


def take_large_pages(system: Path = _SYSTEM) -> None:
    """What this process holds by now goes into large pages, as many as the machine has to give;
    where it has none, or whoever runs it wants none, all stays as it is.

    What Python reads for a request lies all over some eighty megabytes. In pages of 4 KiB the
    processor looks up where they are all the time, in a virtual machine twice over.
    """
    try:
        if "[never]" in (system / "enabled").read_text():
            return
        size = int((system / "hpage_pmd_size").read_text())
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return
    for address, length in _whole_pages(maps, size):
        _libc.madvise(address, length, mmap.MADV_HUGEPAGE)
        if _libc.madvise(address, length, _MADV_COLLAPSE) and ctypes.get_errno() == ENOMEM:
            return


def _whole_pages(maps: str, size: int) -> Iterator[tuple[int, int]]:
    """Addresses and lengths of the process's own memory, as far as it fills pages of this size."""
    for found in _OWN_MEMORY.finditer(maps):
        first = -(-int(found[1], 16) // size) * size
        last = int(found[2], 16) // size * size
        if first < last:
            yield first, last - first
