#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seed corpora of the postgres fuzz targets from the golden transcripts.

    python3 tests/fuzz/postgres_corpus.py

Writes tests/fuzz/corpus/postgres_{startup,frontend,backend}/. Run it again after capture.py.
"""
import pathlib
import struct

TESTS = pathlib.Path(__file__).resolve().parent.parent
SEED_BYTES_MAX = 4096  # a fuzzer gets slow on long inputs; longer streams are cut at a message


def streams(path):
    joined = {"F": b"", "B": b""}
    for line in path.read_text().splitlines():
        if line[:2] in ("F ", "B "):
            joined[line[0]] += bytes.fromhex(line[2:])
    return joined


def split_startup(stream):
    at = 0
    while at < len(stream):
        length, code = struct.unpack_from(">II", stream, at)
        at += length
        if code not in (80877103, 80877104):
            break
    return stream[:at], stream[at:]


def pieces(stream):
    piece, at = b"", 0
    while at + 5 <= len(stream):
        size = 1 + struct.unpack_from(">I", stream, at + 1)[0]
        if piece and len(piece) + size > SEED_BYTES_MAX:
            yield piece
            piece = b""
        piece += stream[at:at + size]
        at += size
    if piece:
        yield piece


def write(target, name, data):
    folder = TESTS / "fuzz" / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    if data:
        (folder / name).write_bytes(data)


def main():
    for path in sorted((TESTS / "golden" / "postgres").glob("*.transcript")):
        both = streams(path)
        startup, frontend = split_startup(both["F"])
        write("postgres_startup", path.stem, startup)
        backend = both["B"]
        answers = len(backend) - len(backend.lstrip(b"NG")) if backend[:1] in (b"N", b"G") else 0
        for target, stream in (("postgres_frontend", frontend), ("postgres_backend", backend[answers:])):
            for number, piece in enumerate(pieces(stream), 1):
                write(target, f"{path.stem}-{number}", piece)


if __name__ == "__main__":
    main()
