"""Objects by key become files below one folder: none outside, none on top of another, names kept where that is safe."""

import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.demo.folder import MARKER, PAGE, check_folder, paths_of, renew_folder

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


@pytest.mark.parametrize(
    "key", ["thumbnails/videos/生日 party+1 & 'co'.mp4/5d41402a/000001500-640x0.jpg", "a b/c.d..e"]
)
def test_a_harmless_key_is_its_own_path(key):
    assert paths_of([key]) == {key: key}


@given(st.lists(st.one_of(st.sampled_from(HARD), st.text("ab./%\\ é", max_size=9)), unique=True))
def test_no_two_keys_meet_and_none_leaves_the_folder(keys):
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


def test_a_folder_is_renewed_only_if_a_demo_wrote_it(tmp_path):
    out = tmp_path / "out"
    renew_folder(out)
    (out / "thumbnails").mkdir()
    (out / "thumbnails" / "old.jpg").write_bytes(b"x")
    renew_folder(out)
    assert [path.name for path in out.iterdir()] == [MARKER]
    (out / MARKER).unlink()
    (out / "thesis.txt").write_bytes(b"x")
    with pytest.raises(FileExistsError, match="no demo wrote"):
        renew_folder(out)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_a_link_in_a_demos_folder_is_removed_and_what_it_leads_to_stays(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").write_bytes(b"x")
    out = tmp_path / "out"
    renew_folder(out)
    (out / "link").symlink_to(other, target_is_directory=True)
    renew_folder(out)
    assert (other / "kept").exists()
    assert [path.name for path in out.iterdir()] == [MARKER]


def test_a_file_where_the_folder_should_be_is_refused(tmp_path):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(FileExistsError, match="is a file"):
        check_folder(tmp_path / "out")
