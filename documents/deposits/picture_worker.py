"""What runs in a process of its own: `python -m documents.deposits.picture_worker PICTURE PDF`.

Ends with 0 when the PDF is written; else it prints the name of the flaw and ends with 1. Killed by its own limits, it
prints nothing.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from pathlib import Path

import img2pdf
from PIL import Image

from documents.files import Flaw

MEMORY = 1024 * 1024 * 1024  # bytes of address space
SECONDS = 30  # of computing
MOST_PIXELS = 60_000_000  # three pages scanned at 600 dpi
A4 = (img2pdf.mm_to_pt(210), img2pdf.mm_to_pt(297))


def convert(content: bytes) -> bytes | Flaw:
    """The PDF of a JPEG or PNG picture: as it is where a PDF can hold it so, else on white."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as picture:
            picture.load()
            plain = content if _is_plain(picture) else _on_white(picture)
        layout = img2pdf.get_layout_fun(A4, fit=img2pdf.FitMode.into, auto_orient=True)
        return bytes(img2pdf.convert(plain, layout_fun=layout, rotation=img2pdf.Rotation.ifvalid))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Flaw.HUGE_PICTURE
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, img2pdf.ImageOpenError):
        # What Pillow raises for nonsense in a picture is not one family: one that can't be read is not taken.
        return Flaw.BAD_PICTURE


def _is_plain(picture: Image.Image) -> bool:
    """Whether a PDF can hold the file as it is: one picture, nothing transparent."""
    single = getattr(picture, "n_frames", 1) == 1
    return single and picture.mode in ("1", "L", "RGB", "CMYK") and "transparency" not in picture.info


def _on_white(picture: Image.Image) -> bytes:
    """The first picture, on white paper, without what came along with it."""
    solid = picture.convert("RGBA")
    page = Image.new("RGB", solid.size, "white")
    page.paste(solid, mask=solid.getchannel("A"))
    output = io.BytesIO()
    page.save(output, "PNG")
    return output.getvalue()


def main(source: str, target: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    made = convert(Path(source).read_bytes())
    if isinstance(made, Flaw):
        sys.stdout.write(made.value)
        return 1
    Path(target).write_bytes(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
