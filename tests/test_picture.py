"""Pictures as strangers send them: read, or refused with a diagnostic; nothing blocks."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

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


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "face.jpg"
    path.write_bytes(encoded("JPEG", exif=exif))
    assert picture.open_picture(path).size == (30, 40)


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
    assert code_of(path) == "N125"


@pytest.mark.parametrize("size", [(1, 1), (7, 90), (9, 1000)])
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
