"""Reads the members of a tar archive from chunks as they arrive, without copying the bytes of the files.

Python's own tarfile copies each byte of a stream three times. Source: POSIX, pax (extended headers); GNU tar (long
names): Go's archive/tar, with which the engine packs, writes nothing else.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator

BLOCK = 512
ZEROS = bytes(BLOCK)
END = 2 * ZEROS
"""The end of every whole archive."""
HEAD = 16
"""Bytes of a file by which its format is known."""
USTAR = b"ustar\0"
"""The mark of a POSIX header: only there a name may have a prefix."""
DEVICES = (tarfile.CHRTYPE, tarfile.BLKTYPE)
FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)
WITHOUT_DATA = frozenset(b"123456")
"""Types whose size says nothing: links, devices, directories, pipes."""
ABOUT_THE_NEXT = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


class BrokenArchive(Exception):
    """The archive ended early or cannot be read: nothing that was read of it counts."""


class Bytes:
    """The bytes of some chunks, one after the other."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The next bytes as they come. Raises BrokenArchive where there are fewer."""
        while size:
            if not self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    raise BrokenArchive("the archive ended before its end")
                self._rest = memoryview(chunk)
            piece = self._rest[:size]
            self._rest = self._rest[len(piece) :]
            size -= len(piece)
            yield piece

    def take(self, size: int) -> bytes:
        if size <= len(self._rest):
            found, self._rest = bytes(self._rest[:size]), self._rest[size:]
            return found
        return b"".join(self.pieces(size))


def members(data: Bytes) -> Iterator[tuple[tarfile.TarInfo, bytes, Iterator[memoryview]]]:
    """Each member with its first bytes and the others, which are to be taken before the next; ends with the archive.

    Raises BrokenArchive.
    """
    fields: dict[str, str] = {}
    while (block := data.take(BLOCK)) != ZEROS:
        try:
            member = _header(block)
            if member.type in ABOUT_THE_NEXT:
                fields.update(_fields(member.type, data.take(member.size + -member.size % BLOCK)[: member.size]))
                continue
            _apply(member, fields)
        except (tarfile.HeaderError, ValueError) as error:
            raise BrokenArchive(f"the archive cannot be read: {error}") from error
        is_file = member.type in FILES
        if not is_file and member.type[0] not in WITHOUT_DATA:
            raise BrokenArchive(f"the archive holds {member.name}, of the unknown type {member.type!r}")
        size = member.size if is_file else 0
        head = data.take(min(HEAD, size))
        rest = data.pieces(size - len(head))
        yield member, head, rest
        for _ in rest:
            pass
        data.take(-size % BLOCK)
        fields = {}
    if data.take(BLOCK) != ZEROS:
        raise BrokenArchive("the archive ended before its end")


def _header(block: bytes) -> tarfile.TarInfo:
    """A header, as TarInfo.frombuf reads it in four times as long. Raises HeaderError or ValueError for none."""
    if _number(block[148:156]) != 256 + sum(block[:148]) + sum(block[156:]):
        raise tarfile.HeaderError("bad checksum")
    name, prefix = _text(block[:100]), _text(block[345:500]) if block[257:263] == USTAR else ""
    member = tarfile.TarInfo(f"{prefix}/{name}" if prefix else name)
    member.mode, member.uid, member.gid = _number(block[100:108]), _number(block[108:116]), _number(block[116:124])
    member.size, member.mtime = _number(block[124:136]), _number(block[136:148])
    member.type, member.linkname = block[156:157], _text(block[157:257])
    if member.type in DEVICES:
        member.devmajor, member.devminor = _number(block[329:337]), _number(block[337:345])
    if member.type == tarfile.AREGTYPE and name.endswith("/"):
        member.type = tarfile.DIRTYPE
    return member


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    """Octal digits; a large number is in base 256, with the first bit as its mark."""
    if field[0] in (0o200, 0o377):
        return int.from_bytes(field[1:], "big") - (256 ** (len(field) - 1) if field[0] == 0o377 else 0)
    return int(field.partition(b"\0")[0].strip() or b"0", 8)


def _fields(kind: bytes, data: bytes) -> dict[str, str]:
    """The fields of an extended header, which describes the member after it."""
    if kind in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
        key = "path" if kind == tarfile.GNUTYPE_LONGNAME else "linkpath"
        return {key: data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    found = {}
    while data:
        length, _, _ = data.partition(b" ")
        record, data = data[len(length) + 1 : int(length)], data[int(length) :]
        key_bytes, _, value = record.removesuffix(b"\n").partition(b"=")
        found[key_bytes.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
    return found


def _apply(member: tarfile.TarInfo, fields: dict[str, str]) -> None:
    member.pax_headers = dict(fields)
    member.name = fields.get("path", member.name).rstrip("/")
    member.linkname = fields.get("linkpath", member.linkname)
    member.size = int(fields.get("size", member.size))
    member.uid = int(fields.get("uid", member.uid))
    member.gid = int(fields.get("gid", member.gid))
    member.mtime = int(float(fields.get("mtime", member.mtime)))
