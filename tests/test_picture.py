"""Pictures as strangers send them: read, or refused with a diagnostic; nothing blocks."""

import os
import struct
import time
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from nesy import picture
from nesy.diagnostics import NesyError


def code_of(path: Path | str) -> str:
    with pytest.raises(NesyError) as caught:
        picture.open_picture(path)
    (fault,) = caught.value.diagnostics
    assert fault.what and fault.why and fault.fix and fault.file == str(path)
    return fault.code


def encoded(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    buffer = BytesIO()
    (image or Image.radial_gradient("L").resize((40, 30)).convert("RGB")).save(
        buffer, kind, **options
    )
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "JPEG2000"])
def test_a_still_picture_becomes_rgb(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "face"
    path.write_bytes(encoded(kind))
    image = picture.open_picture(path)
    assert (image.mode, image.size) == ("RGB", (40, 30))


@pytest.mark.parametrize(
    ("mode", "kind", "colour", "expected"),
    [
        ("1", "PNG", 1, (255, 255, 255)),
        ("L", "PNG", 90, (90, 90, 90)),
        ("LA", "PNG", (90, 0), (255, 255, 255)),
        ("P", "PNG", 0, (0, 0, 0)),
        ("RGBA", "PNG", (10, 20, 30, 0), (255, 255, 255)),
        ("RGBA", "PNG", (10, 20, 30, 255), (10, 20, 30)),
        ("I;16", "PNG", 256 * 90, (90, 90, 90)),
        ("I", "TIFF", 256 * 90, (90, 90, 90)),
        ("F", "TIFF", 0.5, (0, 0, 0)),
        ("CMYK", "TIFF", (0, 0, 0, 255), (0, 0, 0)),
        ("YCbCr", "JPEG", (128, 128, 128), (128, 128, 128)),
    ],
)
def test_odd_modes_become_rgb(
    tmp_path: Path, mode: str, kind: str, colour: object, expected: tuple[int, ...]
) -> None:
    path = tmp_path / "face"
    path.write_bytes(encoded(kind, Image.new(mode, (20, 10), colour)))  # type: ignore[arg-type]
    pixel = picture.open_picture(path).getpixel((3, 3))
    assert isinstance(pixel, tuple)
    assert max(abs(a - b) for a, b in zip(pixel, expected, strict=True)) <= 1


# How a camera that stores this orientation lays a scene down in its file (TIFF 6.0, tag 274).
STORED = {
    1: lambda scene: scene,
    2: lambda scene: scene[:, ::-1],
    3: lambda scene: scene[::-1, ::-1],
    4: lambda scene: scene[::-1],
    5: lambda scene: scene.transpose(1, 0, 2),
    6: lambda scene: scene[:, ::-1].transpose(1, 0, 2),
    7: lambda scene: scene[::-1, ::-1].transpose(1, 0, 2),
    8: lambda scene: scene[::-1].transpose(1, 0, 2),
}


@settings(deadline=None, max_examples=60)
@given(
    orientation=st.sampled_from(sorted(STORED)),
    kind=st.sampled_from(["PNG", "WEBP", "TIFF", "JPEG"]),
    width=st.integers(8, 40),
    height=st.integers(8, 40),
    seed=st.integers(0, 99),
)
def test_a_photograph_is_turned_upright_whichever_way_it_was_held(
    tmp_path_factory: pytest.TempPathFactory,
    orientation: int,
    kind: str,
    width: int,
    height: int,
    seed: int,
) -> None:
    # Four corners of their own colours: JPEG keeps those well enough to tell them apart.
    scene = np.zeros((height, width, 3), np.uint8)
    corners = np.random.default_rng(seed).integers(0, 256, (2, 2, 3), np.uint8)
    for down in (0, 1):
        for right in (0, 1):
            rows = slice(0, height // 2) if down == 0 else slice(height // 2, None)
            columns = slice(0, width // 2) if right == 0 else slice(width // 2, None)
            scene[rows, columns] = corners[down, right]
    exif = Image.Exif()
    exif[0x0112] = orientation
    more = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0}
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](scene)))
    path = tmp_path_factory.getbasetemp() / "held"
    path.write_bytes(encoded(kind, stored, exif=exif, **({} if kind == "TIFF" else more)))
    found = np.asarray(picture.open_picture(path)).astype(int)
    assert found.shape == scene.shape
    assert np.abs(found - scene)[[0, 0, -1, -1], [0, -1, 0, -1]].max() <= (
        4 if kind == "JPEG" else 0
    )
    if kind != "JPEG":
        assert np.array_equal(found, scene)


def test_nothing_but_pixels_is_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    path = tmp_path / "face.jpg"
    path.write_bytes(encoded("JPEG", exif=exif, comment=b"at home", icc_profile=wide_profile()))
    image = picture.open_picture(path)
    assert image.info == {} and not image.getexif()


def test_a_colour_that_stands_for_clear_becomes_white(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(encoded("PNG", Image.new("RGB", (20, 10), (1, 2, 3)), transparency=(1, 2, 3)))
    assert picture.open_picture(path).getpixel((3, 3)) == (255, 255, 255)
    palette = Image.new("P", (20, 10))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((0, 0), 1)
    for kind in ("PNG", "GIF"):
        path.write_bytes(encoded(kind, palette, transparency=0))
        image = picture.open_picture(path)
        assert image.getpixel((3, 3)) == (255, 255, 255) and image.getpixel((0, 0)) == (
            200,
            100,
            50,
        )


def test_a_printers_jpeg_is_read(tmp_path: Path) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(encoded("JPEG", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), quality=100))
    red, green, blue = picture.open_picture(path).getpixel((3, 3))  # type: ignore[misc]
    assert red > 250 and green < 5 and blue < 5


# Display P3 in the terms of an ICC profile: its primaries adapted to D50, and a plain gamma of 2.2.
P3 = np.array([[0.5151, 0.2919, 0.1572], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])


def wide_profile() -> bytes:
    """Return a matrix profile of version 2 with the primaries of Display P3."""

    def s15(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(values: object) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(s15(v) for v in values)  # type: ignore[attr-defined]

    text = b"A wide space\0"
    parts = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        **{b"%cXYZ" % c: xyz(P3[:, n]) for n, c in enumerate(b"rgb")},
        **{b"%cTRC" % c: b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) for c in b"rgb"},
    }
    at, tags, data = 132 + 12 * len(parts), b"", b""
    for name, value in parts.items():
        value += bytes(-len(value) % 4)
        tags += struct.pack(">4sII", name, at + len(data), len(value))
        data += value
    head = struct.pack(
        ">I4sI4s4s4s6H4sIIIIQIII",
        at + len(data),
        b"none",
        0x02200000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        2026,
        1,
        1,
        0,
        0,
        0,
        b"acsp",
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    )
    white = s15(0.9642) + s15(1.0) + s15(0.8249)
    head = head[:68] + white + bytes(48)
    return head + struct.pack(">I", len(parts)) + tags + data


@settings(deadline=None, max_examples=40)
@given(colour=st.tuples(*[st.integers(0, 255)] * 3), alpha=st.booleans())
def test_a_wider_colour_space_is_brought_to_srgb(
    tmp_path_factory: pytest.TempPathFactory, colour: tuple[int, int, int], alpha: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "wide.png"
    shown = Image.new("RGB", (16, 16), colour)
    if alpha:
        shown.putalpha(255)
    path.write_bytes(encoded("PNG", shown, icc_profile=wide_profile()))
    light = np.linalg.solve(SRGB, P3 @ (np.array(colour) / 255) ** 2.2).clip(0, 1)
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    found = np.array(picture.open_picture(path).getpixel((3, 3)))
    # The darkest values differ by how the curve begins.
    assert np.abs(found - 255 * curved).max() <= 4


@pytest.mark.parametrize("profile", [b"", b"no profile", wide_profile()[:200], bytes(300)])
def test_a_broken_profile_is_no_fault_of_the_picture(tmp_path: Path, profile: bytes) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(encoded("PNG", Image.new("RGB", (16, 16), (90, 80, 70)), icc_profile=profile))
    assert picture.open_picture(path).getpixel((3, 3)) == (90, 80, 70)


def test_a_photograph_with_a_preview_is_still(tmp_path: Path) -> None:
    main = Image.new("RGB", (40, 30))
    path = tmp_path / "face.jpg"
    path.write_bytes(encoded("MPO", main, save_all=True, append_images=[main]))
    assert picture.open_picture(path).size == (40, 30)


@pytest.mark.parametrize("name", ["missing.png", "folder/missing.png", "a\0b", "x" * 300])
def test_a_missing_picture(tmp_path: Path, name: str) -> None:
    assert code_of(str(tmp_path / name)) == "N120"


def test_what_is_not_a_plain_file(tmp_path: Path) -> None:
    real = tmp_path / "real.png"
    real.write_bytes(encoded("PNG"))
    link, pipe = tmp_path / "link.png", tmp_path / "pipe.png"
    link.symlink_to(real)
    os.mkfifo(pipe)
    assert [code_of(p) for p in (tmp_path, link, pipe, "/dev/zero")] == ["N121"] * 4


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(picture.LARGEST_FILE + 1)
    assert code_of(path) == "N122"


@pytest.mark.parametrize("side", [7_100, 14_000])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, side: int
) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(encoded("PNG", Image.new("1", (side, side))))
    assert path.stat().st_size < 200_000
    assert code_of(path) == "N122"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_bombs_of_other_kinds_do_not_go_off(tmp_path: Path) -> None:
    png = encoded("PNG")
    long = zlib.compress(bytes(200 * 2**20), 9)
    bombs = {
        "text": png[:33] + chunk(b"zTXt", b"Comment\0\0" + long) + png[33:],
        "profile": png[:33] + chunk(b"iCCP", b"name\0\0" + long) + png[33:],
        "data": png[:33] + chunk(b"IDAT", long) + chunk(b"IEND", b""),
        "sizes": png[:8]
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", long),
    }
    for name, data in bombs.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(data)
        began = time.process_time()
        try:
            assert picture.open_picture(path).size == (40, 30)
        except NesyError as error:
            assert error.diagnostics[0].code in ("N122", "N124")
        assert time.process_time() - began < 2, name
    assert PngImagePlugin.MAX_TEXT_CHUNK < 200 * 2**20


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_not_a_picture(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(data)
    assert code_of(path) in ("N123", "N124")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP"])
def test_a_cut_off_picture(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "face"
    data = encoded(kind, Image.effect_noise((64, 64), 90))
    path.write_bytes(data[: len(data) // 2])
    assert code_of(path) in ("N123", "N124")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_an_animation(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("L", (20, 20), shade) for shade in (0, 90, 200)]
    path = tmp_path / "moving"
    path.write_bytes(encoded(kind, frames[0], save_all=True, append_images=frames[1:]))
    with pytest.raises(NesyError, match="#frame=0"):
        picture.open_picture(path)
    shades = [picture.open_picture(path, frame).getpixel((3, 3)) for frame in range(3)]
    assert np.abs(np.array(shades) - [[0], [90], [200]]).max() <= 2
    for frame in (3, 10**9):
        with pytest.raises(NesyError) as caught:
            picture.open_picture(path, frame)
        assert caught.value.diagnostics[0].code == "N125"


def test_a_still_picture_has_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(encoded("PNG"))
    assert picture.open_picture(path, 0).size == (40, 30)
    with pytest.raises(NesyError, match="still"):
        picture.open_picture(path, 1)


def test_a_million_frames_are_not_counted(tmp_path: Path) -> None:
    one = b",\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    path = tmp_path / "moving.gif"
    path.write_bytes(b"GIF89a\x08\0\x08\0\x80\0\0\0\0\0\xff\xff\xff" + one * 1_000_000 + b";")
    began = time.process_time()
    assert code_of(path) == "N125"
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(40), "JPEG"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(40), "film"),
    ],
)
def test_a_telephones_own_formats_are_named(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(data)
    assert code_of(path) == "N123"
    with pytest.raises(NesyError, match=said):
        picture.open_picture(path)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (7, 90), (9, 1000)])
def test_a_shape_that_holds_no_face(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "strip.png"
    path.write_bytes(encoded("PNG", Image.new("L", size)))
    assert code_of(path) == "N126"


SAMPLES = [encoded(kind) for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "JPEG2000")]


@settings(max_examples=300, deadline=None)
@given(
    data=st.sampled_from(SAMPLES),
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=12),
    length=st.integers(0, 5000),
)
def test_damage_never_becomes_a_traceback(
    tmp_path_factory: pytest.TempPathFactory,
    data: bytes,
    changes: list[tuple[int, int]],
    length: int,
) -> None:
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(damaged[: max(length, 1)])
    try:
        assert picture.open_picture(path).mode == "RGB"
    except NesyError as error:
        assert error.diagnostics[0].code in ("N122", "N123", "N124", "N125", "N126")
