"""Made-up SAS transport files (version 5), as CDC publishes them."""

import struct

STAMP = b"01JAN00:00:00:00"


def ibm(number: float) -> bytes:
    """A number as an IBM mainframe writes it: sign and base-16 exponent, then the fraction in 56 bits."""
    if number == 0:
        return bytes(8)
    exponent, fraction = 0, abs(number)
    while fraction >= 1:
        fraction, exponent = fraction / 16, exponent + 1
    while fraction < 1 / 16:
        fraction, exponent = fraction * 16, exponent - 1
    return bytes([(number < 0) << 7 | (exponent + 64)]) + int(fraction * 2**56).to_bytes(7, "big")


def card(content: bytes) -> bytes:
    """Fill up to a multiple of 80 bytes with blanks."""
    return content + b" " * (-len(content) % 80)


def header(kind: str, tail: str = "0" * 30) -> bytes:
    return card(f"HEADER RECORD*******{kind:<8}HEADER RECORD!!!!!!!{tail}".encode())


def xpt(columns: dict[str, list[float]]) -> bytes:
    """A file with one table of numbers."""
    names = [
        struct.pack(">hhhh8s40s8shhh2s8shhl52s", 1, 0, 8, at + 1, f"{name:<8}".encode(), b" " * 40, b" " * 8,
                    0, 0, 0, b"", b" " * 8, 0, 0, 8 * at, b"")
        for at, name in enumerate(columns)
    ]  # fmt: skip
    sas = b"SAS     SAS     SASLIB  9.4     Linux   " + b" " * 24 + STAMP
    member = b"SAS     TABLE   SASDATA 9.4     Linux   " + b" " * 24 + STAMP
    return b"".join([
        header("LIBRARY"), sas, card(STAMP),
        header("MEMBER", "0" * 17 + "1600000000140"), header("DSCRPTR"), member, card(STAMP),
        header("NAMESTR", f"000000{len(columns):04d}" + "0" * 20), card(b"".join(names)),
        header("OBS"), card(b"".join(ibm(value) for row in zip(*columns.values(), strict=True) for value in row)),
    ])  # fmt: skip
