"""What a document says before it is drawn: plain data, without models or WeasyPrint, so that it travels to a worker.

`documents.rendering` turns a Paper into the bytes of a PDF; the same Paper always gives the same bytes.
"""

from .paper import Paper
from .parties import Party, Provider

__all__ = ["Paper", "Party", "Provider"]
