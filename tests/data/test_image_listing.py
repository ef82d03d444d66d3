import os
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dslnas.data.image_listing import listing
from dslnas.diagnostics import UserError
from tests.data.made import error, write_images
from tests.examples import examples


def touch(*paths: Path) -> None:
    """Make empty files, with the folders that they lie in: their content is not looked at."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def counts(folder: Path) -> dict[str, int]:
    return {name: len(paths) for name, paths in listing(folder).train.items()}


@pytest.mark.parametrize("train", ["train", "Train", "training"])
@pytest.mark.parametrize("validation", ["val", "valid", "validation", "VAL"])
@pytest.mark.parametrize("test", ["", "test", "testing"])
def test_parts_are_folders_by_any_of_their_names(
    tmp_path: Path, train: str, validation: str, test: str
) -> None:
    for part in filter(None, (train, validation, test)):
        touch(*(tmp_path / part / name / "1.jpg" for name in ("ant", "bee")))
    found = listing(tmp_path)
    assert list(found.train) == ["ant", "bee"]
    assert found.validation == {
        name: (tmp_path / validation / name / "1.jpg",) for name in ("ant", "bee")
    }
    assert (found.test is None) == (not test)
    assert found.notes == ()


def test_two_folders_of_one_part_are_refused(tmp_path: Path) -> None:
    for part in ("train", "val", "validation"):
        touch(*(tmp_path / part / name / "1.jpg" for name in ("ant", "bee")))
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS603",
        "`val` and `validation` are both folders of the validation part",
        "join them, or move one elsewhere",
    )


def test_a_fourth_part_is_not_left_out_silently(tmp_path: Path) -> None:
    for part in ("train", "more"):
        touch(*(tmp_path / part / name / "1.jpg" for name in ("ant", "bee")))
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS603",
        "unexpected folder `more` beside `train`",
        "only `train`, `val` and `test` are read; without them the split makes the parts",
    )


def test_a_folder_beside_parts_that_has_no_images_is_counted(tmp_path: Path) -> None:
    touch(*(tmp_path / "train" / name / "1.jpg" for name in ("ant", "bee")))
    touch(tmp_path / "labels" / "1.json", tmp_path / "labels" / "2.json", tmp_path / "README")
    found = listing(tmp_path)
    assert found.notes == ("not read: 2 .json files and 1 file without an ending",)
    assert found.unread == {".json": 2, "": 1}


def test_parts_without_one_that_trains(tmp_path: Path) -> None:
    for part in ("val", "test"):
        touch(*(tmp_path / part / name / "1.jpg" for name in ("ant", "bee")))
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS602",
        "there is no folder `train` beside `test` and `val`",
        "name the folder of the images that train `train`",
    )


def test_parts_without_folders_of_classes(tmp_path: Path) -> None:
    touch(tmp_path / "train" / "ant.1.jpg", tmp_path / "test" / "1.jpg")
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS602",
        "`train` has no folders of classes in it",
        "put the images of each class into a folder of its own in `train`",
    )


@pytest.mark.parametrize("inner", ["", "seg_train"])
def test_folders_that_are_called_like_parts_are_no_classes(tmp_path: Path, inner: str) -> None:
    for part in ("seg_train", "seg_test"):
        touch(*(tmp_path / part / inner / name / "1.jpg" for name in ("ant", "bee")))
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS602",
        "`seg_test` and `seg_train` look like parts, and would be read as classes",
        "call them `test` and `train`",
    )


def test_classes_may_be_called_like_parts(tmp_path: Path) -> None:
    touch(tmp_path / "train_station" / "1.jpg", tmp_path / "test_tube" / "1.jpg")
    assert list(listing(tmp_path).train) == ["test_tube", "train_station"]


def test_pictures_of_a_part_without_folders_of_classes_are_told(tmp_path: Path) -> None:
    touch(*(tmp_path / "train" / name / "1.jpg" for name in ("ant", "bee")))
    touch(tmp_path / "test" / "1.jpg", tmp_path / "test" / "2.jpg")
    found = listing(tmp_path)
    assert found.test is None
    assert found.notes == (
        "not read, as they lie beside the folders of classes in `test`: 2 .jpg files",
        "`test` has no folders of images, and is not read",
    )


def test_a_class_that_a_part_lacks_is_told(tmp_path: Path) -> None:
    touch(*(tmp_path / "train" / name / "1.jpg" for name in ("ant", "bee", "cow")))
    touch(tmp_path / "val" / "bee" / "1.jpg")
    (tmp_path / "val" / "ant").mkdir()
    found = listing(tmp_path)
    assert found.validation == {"bee": (tmp_path / "val" / "bee" / "1.jpg",)}
    assert found.notes == ("classes `ant` and `cow` have no validation images",)


def test_a_test_class_is_unknown(tmp_path: Path) -> None:
    touch(*(tmp_path / "train" / name / "1.jpg" for name in ("ant", "bee")))
    touch(*(tmp_path / "test" / name / "1.jpg" for name in ("ant", "beee")))
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS609",
        "class `beee` is in `test` but not in `train`",
        "did you mean `bee`?",
    )


@pytest.mark.parametrize("root", ["data", "train"])
@pytest.mark.parametrize("way", ["photos", "photos/set"])
def test_a_folder_around_the_folders_of_classes(tmp_path: Path, root: str, way: str) -> None:
    folder = tmp_path / root
    touch(*(folder / way / name / "1.jpg" for name in ("ant", "bee")))
    assert error(lambda: listing(folder), folder) == (
        "NAS609",
        "there is only the class `photos`",
        f'did you mean `path "{folder / way}"`? The folders in it hold images',
    )
    assert list(listing(folder / way).train) == ["ant", "bee"]


def test_folders_around_those_of_classes_in_parts(tmp_path: Path) -> None:
    train, test = tmp_path / "train", tmp_path / "test"
    touch(*(train / "set" / name / "1.jpg" for name in ("ant", "bee")))
    assert error(lambda: listing(tmp_path), train) == (
        "NAS609",
        "there is only the class `set`",
        f"move the folders in `{train / 'set'}` up into `{train}`",
    )
    touch(*(train / name / "1.jpg" for name in ("ant", "bee")))
    (train / "set").rename(test)
    touch(*(test / "test" / name / "1.jpg" for name in ("ant", "bee")))
    for name in ("ant", "bee"):
        (test / name / "1.jpg").unlink()
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS609",
        "class `test` is in `test` but not in `train`",
        f"move the folders in `{test / 'test'}` up into `{test}`",
    )


def test_pictures_below_the_folder_of_a_class_are_read_and_told(tmp_path: Path) -> None:
    touch(tmp_path / "ant" / "x.jpg", *(tmp_path / "bee" / f"{i}.jpg" for i in range(2)))
    touch(*(tmp_path / "ant" / day / "deeper" / "y.jpg" for day in ("monday", "friday")))
    found = listing(tmp_path)
    at = tmp_path / "ant"
    deeper = [at / day / "deeper" / "y.jpg" for day in ("friday", "monday")]
    assert found.train["ant"] == (*deeper, at / "x.jpg")
    assert found.notes == (
        "read, though they lie in folders below those of their classes: 2 of `ant`",
    )


def test_classes_that_all_hold_the_same_folders_are_told(tmp_path: Path) -> None:
    for year in ("2019", "2020"):
        touch(*(tmp_path / year / name / "1.jpg" for name in ("ant", "bee")))
    assert listing(tmp_path).notes[-1] == (
        "the folders of all classes hold the same folders, `ant` and `bee`: are these the classes?"
    )


def test_loose_pictures_are_told_wherever_they_lie(tmp_path: Path) -> None:
    for part in ("train", "test"):
        touch(*(tmp_path / part / name / "1.jpg" for name in ("ant", "bee")))
    touch(tmp_path / "a.png", tmp_path / "train" / "b.png", tmp_path / "test" / "c.png")
    found = listing(tmp_path)
    assert found.notes == tuple(
        f"not read, as they lie beside the folders of classes{place}: 1 .png file"
        for place in ("", " in `train`", " in `test`")
    )
    assert found.unread == {".png": 3}


def test_pictures_without_folders(tmp_path: Path) -> None:
    touch(tmp_path / "1.jpg", tmp_path / "2.jpg")
    code, message, _ = error(lambda: listing(tmp_path), tmp_path)
    assert (code, message) == ("NAS602", "its 2 images are in no folders of classes")


NAMES = st.sampled_from(["train", "val", "test", "ant", "bee", "cow", "1", "2"])
FILES = st.lists(
    st.tuples(st.lists(NAMES, max_size=3), st.sampled_from(["a.jpg", "b.PNG", "c.txt", "d"])),
    max_size=12,
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_every_file_is_read_or_told_or_the_folder_is_refused(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[list[str], str]]
) -> None:
    folder = tmp_path_factory.mktemp("photos")
    touch(*(folder.joinpath(*way, name) for way, name in files))
    try:
        found = listing(folder)
    except UserError:
        return
    there = sorted(path for path in folder.rglob("*") if path.is_file())
    left = [path for path in there if path not in found.files]
    assert Counter(path.suffix.lower() for path in left) == found.unread
    assert bool(found.notes) or not left


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    touch(*(tmp_path / "photos" / name / "1.jpg" for name in ("ant", "bee")))
    touch(tmp_path / "elsewhere" / "2.jpg")
    os.symlink(tmp_path / "elsewhere", tmp_path / "photos" / "ant" / "linked")
    os.symlink(tmp_path / "photos" / "bee", tmp_path / "photos" / "bee" / "again")
    os.symlink(tmp_path / "photos", tmp_path / "photos" / "bee" / "all")
    assert counts(tmp_path / "photos") == {"ant": 2, "bee": 1}


def test_what_is_not_read_is_counted_by_ending(tmp_path: Path) -> None:
    touch(*(tmp_path / name / "1.jpg" for name in ("ant", "bee")))
    touch(*(tmp_path / "ant" / f"{i}.txt" for i in range(3)), tmp_path / "bee" / "a" / "b.MP4")
    touch(tmp_path / "labels.csv", tmp_path / "bee" / "LICENSE", tmp_path / "loose.png")
    litter = [
        ".DS_Store",
        "Icon\r",
        "Thumbs.db",
        ".cache/1.png",
        "__MACOSX/ant/1.jpg",
        "ant/@eaDir/1.jpg",
    ]
    touch(*(tmp_path / name for name in litter))
    assert listing(tmp_path).notes == (
        "not read, as they lie beside the folders of classes: 1 .png file",
        "not read: 3 .txt files and 1 file without an ending and 1 .csv file and 1 .mp4 file",
    )


def test_classes_without_images_are_in_one_message(tmp_path: Path) -> None:
    touch(tmp_path / "ant" / "1.jpg", tmp_path / "bee" / "1.svg", tmp_path / "bee" / "2.svg")
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS606",
        "class `bee` has no images",
        "not read: 2 .svg files in it; PNG, JPEG, WebP, TIFF and others are",
    )
    for number in range(14):
        (tmp_path / f"cow {number:02}").mkdir()
    names = ", ".join(f"`cow {number:02}`" for number in range(11))
    assert error(lambda: listing(tmp_path), tmp_path)[1] == (
        f"classes `bee`, {names} and 3 more have no images"
    )
    (tmp_path / "bee" / "1.png").write_bytes(b"")
    assert (
        error(lambda: listing(tmp_path), tmp_path)[2] == "put images there, or remove the folders"
    )


def test_there_are_no_folders(tmp_path: Path) -> None:
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS602",
        "there are no folders of images",
        "the folder should hold one folder of images per class, or `train` and `test` with such "
        "folders",
    )


def test_there_is_one_class(tmp_path: Path) -> None:
    touch(tmp_path / "ant" / "1.jpg")
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS609",
        "there is only the class `ant`",
        "a classifier needs at least two classes",
    )


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["10", "9", "0", "1"], ["0", "1", "9", "10"]),
        (["-5", "10", "-10", "2.5"], ["-10", "-5", "2.5", "10"]),
        (["10", "9", "x"], ["10", "9", "x"]),
    ],
)
def test_classes_are_in_order_numbers_by_their_value(
    tmp_path: Path, names: list[str], ordered: list[str]
) -> None:
    touch(*(tmp_path / name / "1.jpg" for name in names))
    assert list(listing(tmp_path).train) == ordered


def test_names_are_compared_in_one_form_of_unicode(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    touch(*(tmp_path / "train" / name / "1.jpg" for name in (composed, "thé")))
    touch(*(tmp_path / "test" / name / "1.jpg" for name in (decomposed, "thé")))
    found = listing(tmp_path)
    assert list(found.train) == list(found.test or {}) == [composed, "thé"]
    touch(tmp_path / "train" / decomposed / "2.jpg")
    assert error(lambda: listing(tmp_path), tmp_path / "train") == (
        "NAS609",
        f"two folders are called `{composed}`, in different forms of Unicode",
        "join them",
    )


@pytest.mark.parametrize(("name", "told"), [(b"caf\xe9", "caf\\xe9"), (b"new\nline", "new\nline")])
def test_a_name_that_cannot_be_printed_is_refused(tmp_path: Path, name: bytes, told: str) -> None:
    touch(*(tmp_path / one / "1.jpg" for one in ("thé", "👩\u200d🚀")))
    assert len(listing(tmp_path).train) == 2
    touch(tmp_path / os.fsdecode(name) / "1.jpg")
    assert error(lambda: listing(tmp_path), tmp_path) == (
        "NAS609",
        f"class `{told}` has a name that cannot be printed",
        "rename the folder",
    )


def test_an_archive_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "photos.ZIP"
    touch(path)
    assert error(lambda: listing(path), path) == (
        "NAS602",
        "not a folder",
        "unpack it, and give the folder",
    )


def test_a_folder_that_may_not_be_read_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_images(tmp_path, {"ant": 1, "bee": 1})
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("bee"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    code, message, _ = error(lambda: listing(tmp_path), tmp_path / "bee")
    assert (code, message) == ("NAS603", "folder cannot be read: permission denied")
