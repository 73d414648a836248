"""Reads XES event logs (IEEE 1849, and the versions 1.0 and 2.0 before it) as streams of traces."""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from xml.parsers import expat

from commands.imports.event_log import Broken, Header, Trace
from infra.imports.source import Damaged, chunks
from infra.imports.xes_document import Break, Document, Limits
from infra.imports.xes_encodings import told

_OVERLAP_BYTES = 256  # more than any start of a tag that a search may cut in two


class XesFile:
    """An event log in a file, plain or gzip; each call of `traces` reads it from its start.

    It holds one trace at a time in memory and expands no entities: a document type declaration
    is refused. Raises NotAnEventLog where the file as a whole is no event log, and OSError.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: Limits | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._path = path
        self._limits = limits or Limits()
        self._progress = progress

    @cached_property
    def header(self) -> Header:
        reading = _Reading(self._path, self._limits, None)
        next(reading.items(), None)
        return reading.document.header

    def traces(self) -> Iterator[Trace | Broken]:
        """Every trace in the file's order, and in its place whatever is broken.

        Where the XML breaks, reading goes on at the next trace that begins behind the break.
        """
        return _Reading(self._path, self._limits, self._progress).items()


class _Reading:
    """Feeds a parser from the file, and finds the way on behind a break."""

    def __init__(self, path: Path, limits: Limits, progress: Callable[[int], None] | None) -> None:
        self.document = Document(limits)
        self._chunks = chunks(path, progress)
        self._tag_bytes = limits.tag_bytes
        self._searchable = True
        self._lines = 0  # line feeds before `_pending`
        self._pending = b""  # fed to the parser, not yet told by it
        self._parsed = 0  # the parser's own index of where `_pending` begins
        self._start_parser(b"")

    def items(self) -> Iterator[Trace | Broken]:
        document = self.document
        try:
            first = True
            while chunk := next(self._chunks, b""):
                if first:
                    # Tags cannot be searched for where a character takes two bytes.
                    self._searchable = b"\0" not in chunk[:4]
                    self.document.encoding = told(chunk)
                    self._start_parser(b"")
                    first = False
                self._feed(chunk)
                yield from document.take()
            self._feed(b"")
        except Damaged as error:
            line = self._lines + self._pending.count(b"\n") + 1
            document.break_off(line, str(error))
        document.finish()
        yield from document.take()

    def _feed(self, chunk: bytes) -> None:
        """Parse a chunk, over as many breaks as it has; an empty one is the end of the file."""
        last = not chunk
        while True:
            try:
                self._parse(chunk)
            except Break as found:
                rest = self._recover(found)
                if rest is None:
                    return
                chunk = rest
                continue
            if not last or not chunk:
                return
            chunk = b""

    def _parse(self, chunk: bytes) -> None:
        parser = self._parser
        self._pending += chunk
        try:
            parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            reason = "the file ends too early" if not chunk else expat.ErrorString(error.code)
            raise Break(reason, parser.ErrorByteIndex) from error
        self._forget(parser.CurrentByteIndex - self._parsed)
        if len(self._pending) > self._tag_bytes:
            raise Break(f"a tag is longer than {self._tag_bytes} bytes", self._parsed)

    def _recover(self, found: Break) -> bytes | None:
        """Tell of a break; a new parser and what to feed it, None where no trace is left."""
        self._forget(found.byte_index - self._parsed)
        line = self._lines + 1
        tag = re.escape((self.document.root or "log")[:-3].encode())
        begins = re.compile(rb"<" + tag + rb"trace(?=[\s/>])")
        event = re.compile(rb"<" + tag + rb"event(?=[\s/>])")
        records = 0
        start = 0 if found.resumable else 1
        while (trace := begins.search(self._pending, start)) is None and self._searchable:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            passed = max(len(self._pending) - _OVERLAP_BYTES, 0)
            records += sum(1 for _ in event.finditer(self._pending, 0, passed))
            self._forget(passed)
            self._pending += chunk
            start = 0 if passed else start
        end = trace.start() if trace else len(self._pending)
        records += sum(1 for _ in event.finditer(self._pending, 0, end))
        self.document.break_off(line, found.reason, records)
        self._forget(end)
        rest, self._pending = self._pending, b""
        root, encoding = self.document.root, self.document.encoding or "utf-8"
        if trace is None:
            self._chunks = iter(())
            self._start_parser(f"<{root}/>".encode(encoding))
            return None
        self._start_parser(f"<{root}>".encode(encoding))
        return rest

    def _start_parser(self, prologue: bytes) -> None:
        self._parser = expat.ParserCreate(self.document.encoding)
        self.document.attach(self._parser, self._lines)
        if prologue:
            self._parser.Parse(prologue, False)
        self._parsed = len(prologue)

    def _forget(self, size: int) -> None:
        """The parser has told of the first `size` bytes of what is pending."""
        if size > 0:
            self._lines += self._pending.count(b"\n", 0, size)
            self._pending = self._pending[size:]
            self._parsed += size
