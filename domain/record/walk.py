"""One way through the entries of a bundle: each is checked as it comes, and becomes a leaf."""

from collections.abc import Iterator

from domain.record.disclosure import NotReadable, SealBroken, open_field, place, sealed_fields
from domain.record.encoding import NO_LINK, body_hash, leaf, link
from domain.record.entry import Entry, Envelope, Form, read_entries
from domain.record.manifest import Asked, Manifest
from domain.record.summary import Summary
from domain.record.tree import leaf_hash
from domain.record.window import NotValid, Window


class Walk:
    """`withheld` and `fields` count the entries that were withheld and the fields that were
    opened so far; no entry may stand behind the position `upto`."""

    def __init__(self, manifest: Manifest, asked: Asked, summary: Summary, upto: int) -> None:
        self._manifest = manifest
        self._asked = asked
        self._summary = summary
        self._upto = upto
        self.withheld = 0
        self.fields = 0

    def leaves(self, window: Window) -> Iterator[tuple[int, bytes]]:
        """Indexes and leaf hashes of all entries, then of the summing event. Raises NotValid."""
        manifest = self._manifest
        workspace = manifest.workspace_id
        start = window.offset
        count = manifest.first_count - 1
        before = bytes.fromhex(manifest.previous_link)
        if count == 0 and before != NO_LINK:
            raise NotValid("there is no link before the first event", start, 1)
        position = disclosed = recorded_at = 0
        for entry in read_entries(window):
            count += 1
            offset, at, envelope = entry.offset, entry.position, entry.envelope
            if not position < at <= self._upto:
                raise NotValid("the entry cannot stand at its position", offset, count, at)
            position = at
            hashed = entry.hashed
            body = hashed if envelope is None else body_hash(workspace, envelope.content, hashed)
            before = link(count, before, body)
            if before != entry.link:
                raise NotValid("the entry is not what its link was made of", offset, count, at)
            if envelope is not None:
                if envelope.recorded_at < recorded_at:
                    raise NotValid("the entry is older than the one before", offset, count, at)
                recorded_at = envelope.recorded_at
            try:
                self._check(entry, envelope, count)
            except (NotReadable, SealBroken) as error:
                raise NotValid(f"the entry: {error}", offset, count, at) from error
            disclosed += entry.form is Form.DISCLOSED
            yield at - 1, leaf_hash(leaf(at, before))
        if count != manifest.last_count or disclosed != manifest.disclosed:
            raise NotValid("the manifest states other numbers of entries", start)
        chain = self._summary.place.chain
        if count == chain.count and before != chain.link:
            raise NotValid("the summary has another last link", window.offset, count, position)
        summed = self._summary.position
        yield summed - 1, leaf_hash(leaf(summed, self._summary.link))

    def _check(self, entry: Entry, envelope: Envelope | None, count: int) -> None:
        """What it shows fits its place, in the period or beside it."""
        manifest, asked = self._manifest, self._asked
        if envelope is None:
            if not manifest.complete_from <= count <= manifest.complete_to or not asked.withholds:
                raise NotReadable("it is withheld, and must not be")
            self.withheld += 1
        elif entry.form is Form.EDGE:
            if not (
                (count < manifest.complete_from and asked.is_before(envelope.recorded_at))
                or (count > manifest.complete_to and asked.is_after(envelope.recorded_at))
            ):
                raise NotReadable("it is no edge of the period")
        elif not manifest.complete_from <= count <= manifest.complete_to:
            raise NotReadable("it is disclosed, and should be an edge")
        elif not asked.match(envelope):
            raise NotReadable("it does not match the filter")
        elif entry.fields:
            self._open(entry, envelope)

    def _open(self, entry: Entry, envelope: Envelope) -> None:
        sealed = sealed_fields(entry.payload, envelope.metadata)
        workspace = self._manifest.workspace_id
        where = place(workspace, envelope.stream, envelope.version, envelope.type)
        for name, key in entry.fields:
            if name not in sealed:
                raise SealBroken(f"the field {name!r} is not sealed")
            open_field(key, where + name.encode(), sealed[name])
        self.fields += len(entry.fields)
