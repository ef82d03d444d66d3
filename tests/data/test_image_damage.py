import io
import os
from pathlib import Path

import pytest
from PIL import Image

from dslnas.cli.main import run
from dslnas.data import image_damage, images
from dslnas.data.facts import LabelledFacts
from dslnas.data.preprocessing import PictureError, opened
from dslnas.runs.manifest import DataFacts
from dslnas.settings.images import ImageFolder
from dslnas.tasks.catalogue import task_of
from tests.data.made import error, pixels, write_images
from tests.data.test_images import png
from tests.loading import load


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels(40, 40, 3)).save(buffer, kind)
    return buffer.getvalue()


def told(
    path: Path, found: str, count: int = 4, of: int = 1, mend: str = "fetch or write them again"
) -> tuple[str, str, str]:
    """Return code, message and help for images that cannot be read."""
    return (
        "NAS603",
        f"{of} of {count} images cannot be read: {found}",
        f"{mend}, or leave them out by `skip damaged`",
    )


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "is empty"),
        (encoded("JPEG")[:-200], "is cut short"),
        (encoded("PNG")[:-200], "is cut short"),
        (encoded("JPEG")[:100], "is cut short"),
        (png(4, 4), "is cut short"),
        (b"\n<!DOCTYPE html><title>404</title>", "is an HTML page"),
        (b"\xef\xbb\xbf<html lang=en>", "is an HTML page"),
        (b'{"error": "not found"}', "is JSON"),
        (b'<?xml version="1.0"?><Error/>', "is XML"),
        (b"%PDF-1.4 ...", "is a PDF file"),
        (b"PK\x03\x04...", "is a ZIP archive"),
        (b"version https://git-lfs.github.com/spec/v1", "is a pointer to a file of Git LFS"),
        (b"\x00\x01\x02 no format at all", "is damaged"),
        (png(20_000, 20_000), "has more than 178,956,970 pixels (save it smaller)"),
    ],
)
def test_an_image_that_cannot_be_read_is_told_with_its_cause(
    tmp_path: Path, content: bytes, cause: str
) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    (tmp_path / "dog" / "0.png").write_bytes(content)
    settings = ImageFolder(path=str(tmp_path), size=4)
    for look in (images.shape, images.read):  # before the run and in it
        assert error(lambda look=look: look(settings), tmp_path) == told(  # type: ignore[misc]
            tmp_path, f"dog/0.png {cause}"
        )


def test_pictures_of_a_hundred_megapixels_are_opened(tmp_path: Path) -> None:
    path = tmp_path / "phone.png"
    path.write_bytes(png(12_000, 9_000) + bytes(20_000))
    with opened(path) as image:
        assert image.size == (12_000, 9_000)


@pytest.mark.parametrize("content", [png(12_000, 9_000), b"P6 12000 9000 255\n" + bytes(300)])
def test_a_header_that_promises_more_than_its_file_can_hold(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    path.write_bytes(content)
    words = f"image of {len(content)} bytes has a header that promises 108,000,000 pixels"
    with pytest.raises(PictureError, match=words), opened(path):
        pass


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    (tmp_path / "cat" / "0.png").unlink()
    os.mkfifo(tmp_path / "cat" / "0.png")
    settings = ImageFolder(path=str(tmp_path))
    assert error(lambda: images.shape(settings), tmp_path) == told(tmp_path, "cat/0.png is no file")


def test_a_link_to_nothing(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    (tmp_path / "dog" / "0.png").unlink()
    (tmp_path / "dog" / "0.png").symlink_to(tmp_path / "gone.png")
    assert error(lambda: images.read(ImageFolder(path=str(tmp_path))), tmp_path) == told(
        tmp_path, "dog/0.png is a link to nothing", mend="mend the links"
    )


def test_all_images_that_cannot_be_read_are_in_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("train", "test"):
        write_images(tmp_path / part, {"cat": 2, "dog": 2})
        (tmp_path / part / "cat" / "1.png").write_bytes(b"")
        (tmp_path / part / "dog" / "0.png").write_bytes(b"<html>")
    settings = ImageFolder(path=str(tmp_path))
    named = [
        "train/cat/1.png is empty",
        "train/dog/0.png is an HTML page",
        "test/cat/1.png is empty",
        "test/dog/0.png is an HTML page",
    ]
    assert error(lambda: images.read(settings), tmp_path) == told(
        tmp_path, "; ".join(named), count=8, of=4
    )
    monkeypatch.setattr(image_damage, "NAMED", 1)
    assert error(lambda: images.read(settings), tmp_path) == told(
        tmp_path, f"{named[0]}; and 3 more, which `dslnas data` names", count=8, of=4
    )


def test_damaged_images_are_left_out_only_if_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(tmp_path / "photos", {"cat": 5, "dog": 4})
    (tmp_path / "photos" / "cat" / "1.png").write_bytes(b"")
    spec = tmp_path / "spec.nas"
    text = 'use papers.darts\ndata images { path "photos"; batch 2 }\nevaluate { batch 2 }\n'
    spec.write_text(text)
    assert run(["check", str(spec)]) == 1
    assert "1 of 9 images cannot be read: cat/1.png is empty" in capsys.readouterr().err
    assert run(["check", str(spec), "--set", "data.skip=damaged"]) == 0
    settings = ImageFolder(path=str(tmp_path / "photos"), size=4, skip="damaged")
    data = load(settings, "cpu")
    assert sum(map(len, data.parts)) == 8
    note = "left out, as they cannot be read: cat/1.png is empty"
    assert data.notes == (note,)
    assert data.facts.entries()["notes"] == (note,)


def test_a_name_that_no_list_of_files_could_hold_is_told(tmp_path: Path) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    (tmp_path / "dog" / "1.png").rename(tmp_path / "dog" / os.fsdecode(b"\xff.png"))
    wrong = "dog/\\xff.png has a name that is not UTF-8"
    assert error(lambda: images.read(ImageFolder(path=str(tmp_path))), tmp_path) == told(
        tmp_path, wrong, mend="rename them"
    )
    (tmp_path / "cat" / "1.png").write_bytes(b"")
    assert error(lambda: images.read(ImageFolder(path=str(tmp_path))), tmp_path) == told(
        tmp_path,
        f"cat/1.png is empty; {wrong}",
        of=2,
        mend="fetch or write them again or rename them",
    )
    facts = images.read(ImageFolder(path=str(tmp_path), skip="damaged")).pictures
    assert facts is not None
    assert facts.damaged == {
        "cat/1.png": "is empty",
        "dog/\\xff.png": "has a name that is not UTF-8",
    }


@pytest.mark.parametrize(
    ("damaged", "lost"),
    [
        ("train", "class `cat` and class `dog` have"),
        ("train/dog", "class `dog` has"),
        ("val", "the validation part has"),
        ("test", "the test part has"),
    ],
)
def test_classes_and_parts_of_which_nothing_is_left_are_an_error_before_the_run_and_in_it(
    tmp_path: Path, damaged: str, lost: str
) -> None:
    for name in ("train", "val", "test"):
        write_images(tmp_path / name, {"cat": 2, "dog": 2})
    (tmp_path / "train" / "cat" / "0.png").write_bytes(b"")  # the others are enough
    wrong = sorted((tmp_path / damaged).rglob("*.png"))
    for path in wrong:
        path.write_bytes(b"")
    files = "; ".join(f"{path.relative_to(tmp_path)} is empty" for path in wrong)
    settings = ImageFolder(path=str(tmp_path), skip="damaged")
    mend = "fetch or write them again"
    for look in (images.shape, images.read):
        message = f"{lost} no images that can be read: {files}"
        assert error(lambda look=look: look(settings), tmp_path) == ("NAS603", message, mend)  # type: ignore[misc]
    usual = ImageFolder(path=str(tmp_path))
    assert error(lambda: images.shape(usual), tmp_path)[2] == mend, "nothing can be left out"


def test_a_class_that_a_part_lacks_once_damaged_images_are_left_out_is_told(tmp_path: Path) -> None:
    for name in ("train", "test"):
        write_images(tmp_path / name, {"cat": 2, "dog": 2})
    for path in (tmp_path / "test" / "dog").iterdir():
        path.write_bytes(b"")
    settings = ImageFolder(path=str(tmp_path), skip="damaged")
    notes = (
        "class `dog` has no test images",
        "left out, as they cannot be read: test/dog/0.png is empty; test/dog/1.png is empty",
    )
    assert images.shape(settings).notes == notes
    assert images.read(settings).notes == notes


def test_all_damaged_images_are_named_where_too_few_are_left_for_the_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_damage, "NAMED", 1)
    write_images(tmp_path, {"cat": 5, "dog": 5})
    for name in ("1.png", "3.png"):
        (tmp_path / "dog" / name).write_bytes(b"")
    settings = ImageFolder(path=str(tmp_path), skip="damaged")
    assert error(lambda: load(settings, "cpu"), tmp_path) == (
        "NAS606",
        "class `dog` has 3 examples but the split has 4 parts",
        "add examples of this class; left out, as they cannot be read: dog/1.png is empty; "
        "dog/3.png is empty",
    )


def test_the_facts_of_a_run_keep_every_image_that_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_damage, "NAMED", 1)
    write_images(tmp_path, {"cat": 9, "dog": 9})
    for name in ("1.png", "3.png"):
        (tmp_path / "dog" / name).write_bytes(b"")
    facts = load(ImageFolder(path=str(tmp_path), size=4, skip="damaged"), "cpu").facts
    found = {"dog/1.png": "is empty", "dog/3.png": "is empty"}
    entries = DataFacts.model_validate(facts.entries()).model_dump()
    assert entries["damaged"] == found
    read = task_of(ImageFolder()).read_facts(entries, tmp_path, 2)
    assert isinstance(read, LabelledFacts)
    assert read.damaged == found


@pytest.mark.parametrize("limit", ["FEW", "SMALL"])
def test_a_large_folder_is_not_read_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    write_images(tmp_path, {"cat": 2, "dog": 2})
    (tmp_path / "dog" / "1.png").write_bytes(b"")
    monkeypatch.setattr(images, limit, 3)
    assert images.shape(ImageFolder(path=str(tmp_path))).notes == (
        "4 images are opened by `dslnas data` and by runs, not here",
    )
