"""What the tags of an XES document mean: collects traces from a stream of XML callbacks."""

from collections.abc import Iterator
from xml.parsers.expat import XMLParserType

from commands.imports.event_log import (
    NAME,
    Broken,
    Classifier,
    Header,
    LoggedEvent,
    NotAnEventLog,
    Trace,
    Value,
    text_of,
)
from domain.values.frozen import dataclass
from infra.imports.xes_classifiers import split_keys
from infra.imports.xes_encodings import is_read
from infra.imports.xes_values import (
    COMPOSITE_TYPES,
    SIMPLE_TYPES,
    Pairs,
    composite,
    mapping,
    simple,
    with_attributes,
)

_ATTRIBUTE_OVERHEAD_BYTES = 100
_LOG, _TRACE, _EVENT, _GLOBAL, _VALUES = "log", "trace", "event", "global", "values"
_KINDS = (_TRACE, _EVENT, _GLOBAL, _VALUES, "classifier", *SIMPLE_TYPES, *COMPOSITE_TYPES)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one trace may hold in memory, and how deep tags may nest or how far one may reach.

    `trace_bytes` and `record_bytes` count the text of attributes and a fixed sum for each.
    """

    trace_events: int = 50_000
    trace_bytes: int = 32 * 1024 * 1024
    record_bytes: int = 192 * 1024
    depth: int = 64
    tag_bytes: int = 1024 * 1024


class Break(Exception):
    """Parsing cannot go on. `byte_index` is the parser's; `resumable`: a trace begins there."""

    def __init__(self, reason: str, byte_index: int, resumable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.byte_index = byte_index
        self.resumable = resumable


class _Attribute:
    """An attribute with something in it, whose end tag has not come yet."""

    __slots__ = ("children", "items", "key", "kind", "value")

    def __init__(self, kind: str, key: str, value: Value) -> None:
        self.kind = kind
        self.key = key
        self.value = value
        self.children: Pairs = []
        self.items: Pairs | None = None

    def whole(self) -> Value:
        if self.kind not in COMPOSITE_TYPES:
            return with_attributes(self.value, self.children) if self.children else self.value
        if self.items is None:
            return composite(self.kind, self.children)
        return with_attributes(composite(self.kind, self.items), self.children)


class _OpenTrace:
    """A trace whose end tag has not come yet. `fault`: the line and reason that broke it."""

    __slots__ = (
        "attributes",
        "event",
        "event_line",
        "event_size",
        "events",
        "fault",
        "line",
        "ordinal",
        "records",
        "size",
    )

    def __init__(self, line: int, ordinal: int) -> None:
        self.line = line
        self.ordinal = ordinal
        self.attributes: Pairs = []
        self.events: list[LoggedEvent] = []
        self.event: Pairs | None = None
        self.event_line = 0
        self.event_size = 0
        self.size = 0
        self.records = 0
        self.fault: tuple[int, str] | None = None

    def broken(self, line: int, reason: str, records: int) -> Broken:
        name = text_of(mapping(self.attributes).get(NAME))
        return Broken(line, self.line, name, records, reason)


class Document:
    """One reading of one document, over as many parsers as its breaks make necessary.

    Tags are known by the prefix that the root has; elements that XES does not know are left
    out with all that is in them, and so are attributes of the log itself.
    """

    def __init__(self, limits: Limits) -> None:
        self.root: str | None = None
        self.encoding: str | None = None
        self.header = Header()
        self._limits = limits
        self._kinds: dict[str, str] = {}
        self._done: list[Trace | Broken] = []
        self._begun = False
        self._traces = 0
        self._trace: _OpenTrace | None = None
        self._path: list[str] = []
        self._deaf = 0  # the depth of the element that is left out, else 0
        self._leaf: tuple[str, str, Value] | None = None  # its end tag may come next
        self._open: list[_Attribute] = []
        self._classifiers: list[tuple[str, str]] = []
        self._defaults: Pairs = []
        self._global: Pairs | None = None
        self._strays = 0
        self._first_stray = 0

    def attach(self, parser: XMLParserType, lines_before: int) -> None:
        """Listen to a new parser, whose first line is the file's line `lines_before` + 1."""
        self._parser = parser
        self._lines_before = lines_before
        self._path.clear()
        self._leaf = None
        self._open.clear()
        self._deaf = 0
        parser.XmlDeclHandler = self._on_declaration
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end

    def take(self) -> Iterator[Trace | Broken]:
        """What has become complete since the last call."""
        done, self._done = self._done, []
        return iter(done)

    def break_off(self, line: int, reason: str, records: int = 0) -> None:
        """The file is unreadable at this line; `records` were passed over behind it.

        Raises NotAnEventLog where no trace has begun: then nothing of the file makes sense.
        """
        if not self._begun:
            raise NotAnEventLog(reason, line)
        trace, self._trace = self._trace, None
        if trace is None:
            self._done.append(Broken(line, None, None, records, reason))
        else:
            at, why = trace.fault or (line, reason)
            self._done.append(trace.broken(at, why, trace.records + records))

    def finish(self) -> None:
        """The file has come to its end."""
        if not self._begun:
            self._begin_traces()
        if self._strays:
            reason = "events stand outside of any trace"
            self._done.append(Broken(self._first_stray, None, None, self._strays, reason))

    @property
    def line(self) -> int:
        return self._lines_before + self._parser.CurrentLineNumber

    def _on_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and not is_read(encoding):
            raise Break(
                f"the encoding {encoding[:40]!r} is not read here; UTF-8 is",
                self._parser.CurrentByteIndex,
            )
        self.encoding = self.encoding or encoding

    def _on_doctype(self, *_: object) -> None:
        raise Break("a document type declaration is not taken", self._parser.CurrentByteIndex)

    def _on_start(self, tag: str, given: dict[str, str]) -> None:
        path = self._path
        depth = len(path)
        if not depth:
            self._on_root(tag)
            path.append(_LOG)
            return
        if self._leaf is not None:
            self._open.append(_Attribute(*self._leaf))
            self._leaf = None
        kind = self._kinds.get(tag, "")
        if kind == _TRACE:
            self._on_trace(depth)
        elif depth >= self._limits.depth:
            raise Break(
                f"tags nest deeper than {self._limits.depth}", self._parser.CurrentByteIndex
            )
        elif kind == _EVENT:
            self._on_event(depth)
        elif not self._deaf:
            if kind in _TYPES:
                self._on_attribute(kind, given, path[-1], depth)
            else:
                self._on_other(kind, given, path[-1], depth)
        path.append(kind)

    def _on_root(self, tag: str) -> None:
        prefix, _, name = tag.rpartition(":")
        if name != _LOG:
            raise Break(
                f"the file is not an event log: its root is <{tag[:40]}>",
                self._parser.CurrentByteIndex,
            )
        if self.root is None:
            self.root = tag
            self._kinds = {f"{prefix}:{kind}" if prefix else kind: kind for kind in _KINDS}

    def _on_trace(self, depth: int) -> None:
        if self._trace is not None:
            raise Break("the trace has no end", self._parser.CurrentByteIndex, resumable=True)
        if depth > 1:
            self._deaf = self._deaf or depth
            return
        if not self._begun:
            self._begin_traces()
        self._traces += 1
        self._trace = _OpenTrace(self.line, self._traces)

    def _on_event(self, depth: int) -> None:
        trace = self._trace
        if depth == 2 and trace is not None:
            trace.records += 1
            if self._deaf:
                return
            if trace.records > self._limits.trace_events:
                self._fault(f"a trace has more than {self._limits.trace_events} events")
                return
            trace.event, trace.event_line, trace.event_size = [], self.line, 0
        elif not self._deaf:
            self._deaf = depth
            if depth == 1:
                self._strays += 1
                self._first_stray = self._first_stray or self.line

    def _on_attribute(self, kind: str, given: dict[str, str], parent: str, depth: int) -> None:
        trace = self._trace
        if parent == _LOG or (trace is None and self._global is None):
            self._deaf = depth
            return
        key, text = given.get("key"), given.get("value")
        if key is None:
            self._fault(f"a <{kind}> has no key")
            return
        if trace is not None and not self._fits(trace, key, text or ""):
            return
        if kind in COMPOSITE_TYPES:
            self._open.append(_Attribute(kind, key, ""))
            return
        if text is None:
            self._fault(f"the attribute {key[:40]!r} has no value")
            return
        try:
            self._leaf = (kind, key, text if kind == "string" else simple(kind, text))
        except ValueError as error:
            self._fault(f"the attribute {key[:40]!r}: {error}")

    def _fits(self, trace: _OpenTrace, key: str, text: str) -> bool:
        size = len(key) + len(text) + _ATTRIBUTE_OVERHEAD_BYTES
        if not text.isascii() or not key.isascii():
            size = len(key.encode()) + len(text.encode()) + _ATTRIBUTE_OVERHEAD_BYTES
        trace.size += size
        trace.event_size += size
        if trace.size > self._limits.trace_bytes:
            self._fault(f"a trace holds more than {self._limits.trace_bytes} bytes")
        elif trace.event is not None and trace.event_size > self._limits.record_bytes:
            self._fault(f"an event holds more than {self._limits.record_bytes} bytes")
        else:
            return True
        return False

    def _on_other(self, kind: str, given: dict[str, str], parent: str, depth: int) -> None:
        if kind == _VALUES and self._open and parent in COMPOSITE_TYPES:
            self._open[-1].items = self._open[-1].items or []
            return
        if parent == _LOG and not self._begun:
            if kind == _GLOBAL and given.get("scope", _EVENT) == _EVENT:
                self._global = []
                return
            if kind == "classifier" and given.get("scope", _EVENT) == _EVENT:
                self._classifiers.append((given.get("name", ""), given.get("keys", "")))
        self._deaf = depth

    def _on_end(self, _tag: str) -> None:
        path = self._path
        kind = path.pop()
        if self._leaf is not None:
            _, key, value = self._leaf
            self._leaf = None
            self._place(key, value, path[-1])
            return
        depth = len(path)
        if self._deaf:
            if depth != self._deaf:
                return
            self._deaf = 0
            if depth > 1 or kind != _TRACE:
                return
        if kind in _TYPES:
            done = self._open.pop()
            self._place(done.key, done.whole(), path[-1])
        elif kind == _EVENT:
            self._close_event()
        elif kind == _TRACE:
            self._close_trace()
        elif kind == _GLOBAL and self._global is not None:
            self._defaults += self._global
            self._global = None

    def _place(self, key: str, value: Value, parent: str) -> None:
        """Put a whole attribute where it belongs."""
        trace = self._trace
        if parent == _EVENT:
            assert trace is not None  # else the event would be left out
            assert trace.event is not None
            trace.event.append((key, value))
        elif parent == _TRACE:
            assert trace is not None
            trace.attributes.append((key, value))
        elif parent == _GLOBAL:
            assert self._global is not None
            self._global.append((key, value))
        elif parent == _VALUES:
            items = self._open[-1].items
            assert items is not None
            items.append((key, value))
        else:
            self._open[-1].children.append((key, value))

    def _close_event(self) -> None:
        trace = self._trace
        if trace is not None and trace.event is not None:
            trace.events.append(LoggedEvent(mapping(trace.event), trace.event_line))
            trace.event = None

    def _close_trace(self) -> None:
        trace, self._trace = self._trace, None
        if trace is None:
            return
        if trace.fault is not None:
            self._done.append(trace.broken(*trace.fault, trace.records))
        else:
            self._done.append(
                Trace(mapping(trace.attributes), tuple(trace.events), trace.line, trace.ordinal)
            )

    def _begin_traces(self) -> None:
        self._begun = True
        defaults = mapping(self._defaults)
        self.header = Header(
            tuple(
                Classifier(name, keys)
                for name, text in self._classifiers
                if (keys := split_keys(text, defaults))
            ),
            defaults,
        )

    def _fault(self, reason: str) -> None:
        """The trace is broken: nothing more of it is kept, its events are still counted."""
        trace = self._trace
        if trace is None:
            raise Break(reason, self._parser.CurrentByteIndex)
        trace.fault = (self.line, reason)
        trace.events.clear()
        trace.event = None
        self._open.clear()
        self._deaf = 1


_TYPES = frozenset((*SIMPLE_TYPES, *COMPOSITE_TYPES))
