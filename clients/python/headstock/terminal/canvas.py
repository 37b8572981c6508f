"""Braille dots: two by four in each character, Unicode block U+2800."""

from __future__ import annotations

from rich.text import Text

COLUMNS, ROWS = 2, 4
# Bit of each dot by column and row, as Unicode numbers them (dots 1 2 3 7 on the left, 4 5 6 8 on the right).
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800


class Canvas:
    """A field of `width` x `height` characters, on which dots are set; (0, 0) is the dot at the lower left.

    A character has one colour, that of the last dot set in it. What lies outside is left out.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = max(1, width)
        self.height = max(1, height)
        self._dots = [[0] * self.width for _ in range(self.height)]
        self._styles = [[""] * self.width for _ in range(self.height)]
        self._marks: dict[tuple[int, int], str] = {}

    @property
    def right(self) -> int:
        """The last column of dots."""
        return self.width * COLUMNS - 1

    @property
    def top(self) -> int:
        """The highest row of dots."""
        return self.height * ROWS - 1

    def dot(self, x: int, y: int, style: str = "") -> None:
        """Set one dot."""
        if not (0 <= x <= self.right and 0 <= y <= self.top):
            return
        column, row = x // COLUMNS, (self.top - y) // ROWS
        self._dots[row][column] |= _BITS[x % COLUMNS][(self.top - y) % ROWS]
        self._styles[row][column] = style

    def blob(self, x: int, y: int, style: str = "") -> None:
        """Four dots together: a point that is seen."""
        for across in (0, 1):
            for up in (0, 1):
                self.dot(x + across, y + up, style)

    def mark(self, x: int, y: int, sign: str, style: str = "") -> None:
        """A character in place of the dots around (x, y)."""
        if 0 <= x <= self.right and 0 <= y <= self.top:
            column, row = x // COLUMNS, (self.top - y) // ROWS
            self._marks[row, column] = sign
            self._styles[row][column] = style

    def line(self, x0: int, y0: int, x1: int, y1: int, style: str = "") -> None:
        """A straight line of dots, both ends included (Bresenham 1965, doi:10.1147/sj.41.0025)."""
        across, up = abs(x1 - x0), -abs(y1 - y0)
        step_x, step_y = (1 if x0 < x1 else -1), (1 if y0 < y1 else -1)
        error = across + up
        while True:
            self.dot(x0, y0, style)
            if (x0, y0) == (x1, y1):
                return
            doubled = 2 * error
            if doubled >= up:
                error += up
                x0 += step_x
            if doubled <= across:
                error += across
                y0 += step_y

    def rows(self, *, ascii_only: bool = False) -> list[Text]:
        """The lines from top to bottom, each `width` characters wide."""
        lines = []
        for row in range(self.height):
            line = Text()
            for column in range(self.width):
                bits = self._dots[row][column]
                sign = self._marks.get((row, column))
                if ascii_only:
                    sign = "*" if bits or sign else " "
                elif sign is None:
                    sign = chr(_BLANK + bits) if bits else " "
                line.append(sign, self._styles[row][column] if sign != " " else "")
            lines.append(line)
        return lines
