"""Tables that people open in a spreadsheet, written line by line: no text in them runs there."""

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # first of a file: by it spreadsheets know UTF-8
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Line:
    """What csv writes to: it gives the line back."""

    def write(self, line: str) -> str:
        """Return the line that was written."""
        return line


def plain(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula, spaces before it or not."""
    return f"'{cell}" if cell.lstrip().startswith(DANGEROUS) or cell.startswith(DANGEROUS) else cell
