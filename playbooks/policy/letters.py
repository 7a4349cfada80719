"""Letters of other alphabets that look like Latin ones: what people write with them where they mean to deceive.

Source of the idea: Unicode Technical Standard 39, "Unicode Security Mechanisms", section 4; these are the letters that
look alike in most typefaces, lower and upper case.
"""

from __future__ import annotations

from typing import Final

#: Pairs: the letter, and the Latin one that it looks like; Cyrillic, Greek, and rare Latin ones.
_PAIRS: Final = (
    "\u0430a \u0435e \u043eo \u0440p \u0441c \u0443y \u0445x \u0456i \u0458j \u0455s \u0501d \u051bq "
    "\u051dw \u04bbh \u043ak \u043cm \u0442t \u0432b \u043dh \u0433r \u0410A \u0412B \u0415E \u041aK "
    "\u041cM \u041dH \u041eO \u0420P \u0421C \u0422T \u0425X \u0423Y \u0406I \u0408J \u0405S "
    "\u03b1a \u03bfo \u03bdv \u03c1p \u03c4t \u03c5u \u03b9i \u03bak \u03b5e \u03c7x \u03b3y \u0391A "
    "\u0392B \u0395E \u0396Z \u0397H \u0399I \u039aK \u039cM \u039dN \u039fO \u03a1P \u03a4T \u03a5Y "
    "\u03a7X "
    "\u0131i \u0237j \u0251a \u0261g \u0280r \u029fl \u1d04c \u1d0fo \u1d1cu \u1d20v \u1d21w \u1d22z "
    "\u0269i \u01c0l \u0192f "
)

#: White letters on a dark square or disc, which no normal form takes for letters.
_ON_DARK: Final = {chr(first + place): chr(0x41 + place) for first in (0x1F150, 0x1F170) for place in range(26)}
#: The Latin letter that another letter looks like.
LATIN_FOR: Final[dict[str, str]] = {pair[0]: pair[1] for pair in _PAIRS.split()}
#: The letter that a sign is, whatever stands beside it.
LETTER_OF: Final[dict[int, str]] = str.maketrans(_ON_DARK)
