"""Open a picture that a stranger may have sent: every fault is a diagnostic, nothing blocks."""

from __future__ import annotations

import io
import os
import stat
import struct
import warnings
import zlib
from pathlib import Path

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from nesy.diagnostics import Diagnostic, NesyError

LARGEST_FILE = 40 * 2**20
MOST_PIXELS = 50_000_000
SMALLEST_SIDE = 8
MOST_ELONGATED = 100
# Frames of an animation that may be asked for: each before it has to be read.
MOST_FRAMES = 1000
# Formats that only describe pixels: no vector formats, which may run a program to be drawn.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "TIFF", "JPEG2000", "PPM")

_BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")
# What a file of ISO boxes (``ftyp``) calls itself where it is a photograph of a telephone.
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})

_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)


def open_picture(name: str | Path, frame: int | None = None) -> Image.Image:
    """Return the picture upright, in RGB of sRGB, without what else its file says.

    Of an animation the frame that is named, from 0. Raises NesyError N120-N126.
    """
    data = _read(Path(name))
    with warnings.catch_warnings():
        # Pillow warns of sizes that are refused here, and of oddities that do no harm.
        warnings.simplefilter("ignore")
        return _decode(data, str(name), frame)


def _fault(code: str, name: str, what: str, why: str, fix: str) -> NesyError:
    return NesyError(Diagnostic(code, what, why, fix, file=name))


def _read(path: Path) -> bytes:
    name = str(path)
    # Neither follows a link nor waits for a writer at the other end of a pipe.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    plain = "name the picture's own file, not a folder, link, pipe or device"
    try:
        kind = path.lstat().st_mode
        if not stat.S_ISREG(kind):
            what = "it is a link" if stat.S_ISLNK(kind) else "it is not a regular file"
            raise _fault("N121", name, "this is not a plain file", what, plain)
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise _fault("N120", name, "there is no such picture", why, "check the path") from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _fault("N121", name, "this is not a plain file", "it was replaced", plain)
        try:
            data = file.read(LARGEST_FILE + 1)
        except OSError as error:
            why = error.strerror or str(error)
            raise _fault("N120", name, "the file cannot be read", why, "check it") from error
    if len(data) > LARGEST_FILE:
        why = f"it has more than {LARGEST_FILE >> 20} MB"
        raise _fault("N122", name, "the picture is too large", why, "save it smaller")
    return data


def _decode(data: bytes, name: str, frame: int | None) -> Image.Image:
    fix = "save it again as PNG or JPEG"
    if not data:
        raise _fault("N123", name, "this is not a picture", "the file is empty", fix)
    Image.init()
    formats = [known for known in FORMATS if known in Image.OPEN]
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise _fault("N122", name, "the picture is too large", str(error), "crop it") from error
    except UnidentifiedImageError as error:
        raise _unknown(data, name) from error
    except _DAMAGE as error:
        raise _fault("N124", name, "the picture is damaged", _why(error), fix) from error
    with image:
        _check_shape(image, name)
        try:
            _choose(image, name, frame)
            image.load()
            return _plain(ImageOps.exif_transpose(image))
        except Image.DecompressionBombError as error:
            raise _fault("N122", name, "the picture is too large", str(error), "crop it") from error
        except _DAMAGE as error:
            raise _fault("N124", name, "the picture is damaged", _why(error), fix) from error


def _unknown(data: bytes, name: str) -> NesyError:
    """Return what to say of a file that no format here begins as."""
    what = "this is not a picture"
    if data[4:8] == b"ftyp":
        if data[8:12] in _HEIC:
            what, why = "this picture is HEIC", "that format is not read here"
            fix = "save it as JPEG or PNG (iPhone: Settings > Camera > Formats > Most Compatible)"
            return _fault("N123", name, what, why, fix)
        why = "it begins as a film does"
        return _fault("N123", name, what, why, "save the frame you mean as PNG")
    if data.startswith(_BEGINNINGS):
        why, fix = "it begins as one and its header cannot be read", "save it again as PNG or JPEG"
        return _fault("N124", name, "the picture is damaged", why, fix)
    why = f"it begins with {data[:12]!r}, which no format here begins with"
    return _fault("N123", name, what, why, "save it again as PNG or JPEG")


def _choose(image: Image.Image, name: str, frame: int | None) -> None:
    """Go to the frame that is named; raises NesyError N125 where none is, or where it is not."""
    # A telephone's photograph may carry its preview as a second picture (MPO). Frames are not
    # counted where that means to read them all: millions fit into a file.
    moving = image.format != "MPO" and getattr(image, "is_animated", False)
    counted = image.format in ("WEBP", "PNG", "AVIF")
    count = str(getattr(image, "n_frames", 1)) if counted else "more than one"
    if moving and frame is None:
        why = f"it has {count} frames, and a case has one moment"
        first = f'for the first, name it {Path(name).name}#frame=0, or give the case "frame": 0'
        raise _fault("N125", name, "the picture is animated", why, first)
    if not frame:
        return
    try:
        if not moving or frame >= MOST_FRAMES:
            raise EOFError(f"frames 0 to {MOST_FRAMES - 1} can be named")
        image.seek(frame)
    except EOFError as error:
        why = _why(error) if moving else "it is a still picture"
        what = f"the picture has no frame {frame}"
        raise _fault("N125", name, what, why, "frames are numbered from 0") from error
    _check_shape(image, name)


def _why(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _check_shape(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        why = f"{width} x {height} is more than {MOST_PIXELS // 10**6} million pixels"
        raise _fault("N122", name, "the picture is too large", why, "crop it to the face")
    if min(width, height) < SMALLEST_SIDE:
        why = f"{width} x {height}: each side needs {SMALLEST_SIDE} pixels"
        raise _fault("N126", name, "the picture is too small to hold a face", why, "use another")
    if max(width, height) > MOST_ELONGATED * min(width, height):
        why = f"{width} x {height}: one side is over {MOST_ELONGATED} times the other"
        raise _fault("N126", name, "the picture is a strip", why, "crop it to the face")


def _plain(image: Image.Image) -> Image.Image:
    """Return only the pixels: what else a file says, such as a place, goes nowhere."""
    pixels = _rgb(_in_srgb(image))
    bare = Image.new("RGB", pixels.size)
    bare.paste(pixels)
    return bare


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return the picture in the colours of sRGB, by its own profile; as it is without a sound one.

    Read as sRGB, the reds of a telephone's wider space would look pale.
    """
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(own).lower():
            return image
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        found = ImageCms.profileToProfile(image, own, _SRGB, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return found or image


_SRGB = ImageCms.createProfile("sRGB")


def _rgb(image: Image.Image) -> Image.Image:
    """Return the picture in RGB; transparent parts become white, deep greys are scaled."""
    if image.mode.startswith(("I", "F")):
        grey = image.convert("F")
        low, high = _extremes(grey)
        if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and high < 65536):
            low, high = 0.0, 65535.0
        scale = 255.0 / (high - low) if high > low else 0.0
        start = -low * scale
        return grey.point(lambda value: value * scale + start).convert("L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB")


def _extremes(grey: Image.Image) -> tuple[float, float]:
    match grey.getextrema():
        case (float(low), float(high)) if low - low == high - high == 0.0:
            return low, high
        case other:
            raise ValueError(f"its values range over {other}")
