# SPDX-License-Identifier: Apache-2.0
"""Values that must never arrive, and how they are looked for: as they are, in pieces, and in each disguise that the
database itself can give them."""
import base64
import hashlib
import struct

# No letter is a hex digit or a vowel, so that no piece of four is in a word, a hash or a random id.
WORDS = ["QZXVKWJPHTRMLG", "WVJKZQPXRTHNMS", "ZJXQVPKWTLRHGN"]
PINS = [8640197532, 7319528046, 9182736450]
DATES = ["1907-03-28", "1911-10-05", "1913-07-19"]
PIECE = 4
DIGITS = 6


def _disguises(word):
    raw = word.encode()
    yield "reversed", raw[::-1]
    yield "hex", raw.hex().encode()
    yield "hex reversed", raw.hex()[::-1].encode()
    for shift in range(3):  # base64 of it inside of something longer
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield "base64", encoded[4 if shift else 0:len(encoded) // 4 * 4 - 4]
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        for text in (raw, raw.lower()):
            digest = hashlib.new(name, text).digest()
            yield name, digest.hex().encode()
            yield name, digest
            yield name, base64.b64encode(digest)[:20]
    yield "utf-16", raw.decode().encode("utf-16-le")


def _needles():
    needles = {}
    for word in WORDS:
        for form in (word, word[::-1]):
            for at in range(len(form) - PIECE + 1):
                needles[form[at:at + PIECE].lower().encode()] = f"a piece of {word}"
        for name, text in _disguises(word):
            needles[text.lower()] = f"{name} of {word}"
    for pin in PINS:
        digits = str(pin)
        for form in (digits, digits[::-1]):
            for at in range(len(form) - DIGITS + 1):
                needles[form[at:at + DIGITS].encode()] = f"digits of {pin}"
        needles[format(pin, "x").encode()] = f"hex of {pin}"
        for packed in (struct.pack("!q", pin), struct.pack("!d", pin), struct.pack("<q", pin)):
            needles[packed.lower()] = f"{pin} in binary"
        needles[hashlib.md5(digits.encode()).hexdigest().encode()] = f"md5 of {pin}"
    for date in DATES:
        year, month, day = date.split("-")
        for form in (date, f"{month}/{day}/{year}", f"{day}.{month}.{year}", f"{month}-{day}-{year}", f"{day}/{month}/{year}"):
            needles[form.encode()] = f"the date {date}"
    return needles


NEEDLES = _needles()


def find_in(data):
    """What of a canary is in these bytes, or None."""
    data = data.lower()
    for needle, what in NEEDLES.items():
        if needle in data:
            return what
    return None


def _letters(cells):
    """Cells side by side; small numbers also as the characters that they may stand for."""
    yield b"".join(cells)
    numbers = [chr(int(cell)).encode("latin-1") for cell in cells if cell.isdigit() and len(cell) < 4 and 31 < int(cell) < 127]
    yield b"".join(numbers)


def find_in_reply(reply):
    """As find_in(), and in what the cells of a column, of a row, or all of them spell together."""
    found = find_in(reply.bytes())
    if found:
        return found
    rows = [[cell or b"" for cell in row] for row in reply.rows()] + [line.split(b"\t") for line in reply.copied().split(b"\n")]
    width = max((len(row) for row in rows), default=0)
    lines = rows + [[row[i] for row in rows if i < len(row)] for i in range(width)] + [[c for row in rows for c in row]]
    for line in lines:
        for text in _letters(line):
            found = find_in(text)
            if found:
                return found + ", spelled by several cells"
    return None
