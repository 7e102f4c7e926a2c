"""Made-up SAS transport files (version 5), as CDC publishes them."""

import struct
from fractions import Fraction

STAMP = b"01JAN00:00:00:00"


def ibm(number: float | None) -> bytes:
    """A number as an IBM mainframe writes it: sign and base-16 exponent, then the fraction in 56 bits; "." is missing.

    It is the decimal number that is meant (147.6, not the binary number nearest to it), as in files that SAS wrote.
    """
    if number is None or number != number:
        return b"." + bytes(7)
    if number == 0:
        return bytes(8)
    exponent, fraction = 0, abs(Fraction(repr(float(number))))
    while fraction >= 1:
        fraction, exponent = fraction / 16, exponent + 1
    while fraction < Fraction(1, 16):
        fraction, exponent = fraction * 16, exponent - 1
    return bytes([(number < 0) << 7 | (exponent + 64)]) + int(fraction * 2**56).to_bytes(7, "big")


def card(content: bytes) -> bytes:
    """Fill up to a multiple of 80 bytes with blanks."""
    return content + b" " * (-len(content) % 80)


def header(kind: str, tail: str = "0" * 30) -> bytes:
    return card(f"HEADER RECORD*******{kind:<8}HEADER RECORD!!!!!!!{tail}".encode())


def xpt(columns: dict[str, list[float | str | None]]) -> bytes:
    """A file with one table; a column with a text in it is text, of 200 bytes in latin-1."""
    texts = {name for name, values in columns.items() if any(isinstance(value, str) for value in values)}
    names, at = [], 0
    for number, name in enumerate(columns, start=1):
        kind, length = (2, 200) if name in texts else (1, 8)
        names.append(struct.pack(
            ">hhhh8s40s8shhh2s8shhl52s", kind, 0, length, number, f"{name:<8}".encode(), b" " * 40, b" " * 8,
            0, 0, 0, b"", b" " * 8, 0, 0, at, b"",
        ))  # fmt: skip
        at += length
    written = [
        [f"{value or '':<200}".encode("latin-1") if name in texts else ibm(value) for value in values]
        for name, values in columns.items()
    ]
    sas = b"SAS     SAS     SASLIB  9.4     Linux   " + b" " * 24 + STAMP
    member = b"SAS     TABLE   SASDATA 9.4     Linux   " + b" " * 24 + STAMP
    return b"".join([
        header("LIBRARY"), sas, card(STAMP),
        header("MEMBER", "0" * 17 + "1600000000140"), header("DSCRPTR"), member, card(STAMP),
        header("NAMESTR", f"000000{len(columns):04d}" + "0" * 20), card(b"".join(names)),
        header("OBS"), card(b"".join(value for row in zip(*written, strict=True) for value in row)),
    ])  # fmt: skip
