import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.folder import MARKER, PAGE, check_folder, paths_of, renew_folder

HARD = [
    "../../etc/passwd",
    "..",
    ".",
    "/x",
    "//x",
    "a",
    "a/b",
    "a//b",
    "a/",
    "a/%",
    "%",
    "%2E",
    "index.html",
    "INDEX.html/x",
    MARKER,
    "a\\b",
    "C:x",
    "a\nb",
    "é" * 200,
    "é" * 199 + "è",
]


@pytest.fixture
def out(tmp_path):
    """A folder that an earlier run filled with one picture and a page."""
    out = tmp_path / "out"
    renew_folder(out, ["thumbnails/old.jpg", PAGE])
    (out / "thumbnails" / "old.jpg").write_bytes(b"x")
    (out / PAGE).write_bytes(b"x")
    return out


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize(
    "key", ["thumbnails/videos/生日 party+1 & 'co'.mp4/5d41402a/000001500-640x0.jpg", "a b/c.d..e"]
)
def test_harmless_keys(key):
    """A harmless key is its own path."""
    assert paths_of([key]) == {key: key}


@given(st.lists(st.one_of(st.sampled_from(HARD), st.text("ab./%\\ é", max_size=9)), unique=True))
def test_hard_keys(keys):
    """No two keys meet in one path, and no path leaves the folder or takes a name of ours."""
    paths = paths_of(keys)
    assert len({path.lower() for path in paths.values()}) >= len({key.lower() for key in keys})
    folders = {str(parent) for path in paths.values() for parent in PurePosixPath(path).parents}
    for path in paths.values():
        parts = path.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert not re.search(r"[\\:\x00-\x1f]", path)
        assert all(len(part.encode()) <= 255 for part in parts)
        assert path not in folders
        assert parts[0].lower() not in {PAGE, MARKER}


def test_renewed(out):
    """The files of the last run are removed, with the folders that are empty then."""
    renew_folder(out, ["videos/new.mp4"])
    assert names_in(out) == [MARKER]
    assert not (out / "thumbnails").exists()
    assert (out / "videos").is_dir()


def test_own_files_stay(out):
    """Files that no demo wrote stay as they are, wherever they lie."""
    (out / "notes.txt").write_text("my notes", "utf-8")
    (out / "thumbnails" / "favourite.jpg").write_bytes(b"mine")
    renew_folder(out, ["thumbnails/new.jpg", PAGE])
    assert names_in(out) == [MARKER, "notes.txt", "thumbnails/favourite.jpg"]


def test_file_in_the_way(out):
    """A file of somebody's where one is going to be written is named, and stays."""
    (out / "videos").write_text("mine", "utf-8")
    (out / "poster.jpg").write_text("mine", "utf-8")
    for path in ("videos/new.mp4", "poster.jpg"):
        with pytest.raises(FileExistsError, match=r"(videos|poster\.jpg) is in the way and no demo wrote it"):
            renew_folder(out, [path])
    assert (out / "videos").read_text("utf-8") == (out / "poster.jpg").read_text("utf-8") == "mine"


def test_broken_off(out):
    """The files of a run that broke off are known to the next one."""
    renew_folder(out, ["videos/half.mp4"])
    (out / "videos" / "half.mp4").write_bytes(b"x")
    renew_folder(out, [])
    assert names_in(out) == [MARKER]


def test_unmarked(tmp_path):
    """A folder with files and without the marker is refused and left alone."""
    (tmp_path / "thesis.txt").write_bytes(b"x")
    with pytest.raises(FileExistsError, match="no demo wrote"):
        renew_folder(tmp_path, [])
    assert names_in(tmp_path) == ["thesis.txt"]


def test_links(out, tmp_path):
    """Nothing is removed or written through a link that somebody put in place of a folder."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "old.jpg").write_bytes(b"x")
    (out / "thumbnails" / "old.jpg").unlink()
    (out / "thumbnails").rmdir()
    (out / "thumbnails").symlink_to(other, target_is_directory=True)
    renew_folder(out, ["videos/new.mp4"])
    assert (other / "old.jpg").exists()
    with pytest.raises(FileExistsError, match="thumbnails is in the way"):
        renew_folder(out, ["thumbnails/old.jpg"])


@pytest.mark.parametrize("line", ["../../kept", "/kept", "a//kept"], ids=["parent", "absolute", "empty-part"])
def test_marker_that_leads_out(line, tmp_path):
    """A marker that somebody changed removes nothing outside the folder."""
    out = tmp_path / "a" / "out"
    renew_folder(out, [])
    (tmp_path / "kept").write_bytes(b"x")
    with (out / MARKER).open("a", encoding="utf-8") as marker:
        marker.write(line.replace("/kept", str(tmp_path / "kept"), 1) if line == "/kept" else line)
    renew_folder(out, [])
    assert (tmp_path / "kept").exists()


def test_file_instead_of_folder(tmp_path):
    """A file where the folder should be is refused."""
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(FileExistsError, match="is a file"):
        check_folder(tmp_path / "out")
