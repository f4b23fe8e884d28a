import pytest

from studio.videos import ENDINGS, find_videos


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a few files of no content."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("a.mp4", "b.MOV", "my film.mp4", "notes.txt", "films/c.webm", "films/d.mp4", "films/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "texts").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("  ", []),
        ("a.mp4", ["a.mp4"]),
        ("my film.mp4", ["my film.mp4"]),
        ("'my film.mp4' a.mp4", ["my film.mp4", "a.mp4"]),
        ("films", ["c.webm", "d.mp4"]),
        ("films/*.mp4", ["d.mp4"]),
        ("[ab].*", ["a.mp4", "b.MOV"]),
        ("films a.mp4", ["c.webm", "d.mp4", "a.mp4"]),
        ("~/a.mp4", ["a.mp4"]),
        ("notes.txt", ["notes.txt"]),
    ],
    ids=["none", "file", "spaces", "quoted", "folder", "pattern", "class", "mixed", "home", "any-file"],
)
def test_found(text, names, folder):
    """A text names a file, a folder's videos, a pattern's files, or several of these."""
    assert [video.name for video in find_videos(text)] == names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nope.mp4", "there is no file 'nope.mp4'"),
        ("a.mp4 nope.mp4", "there is no file 'nope.mp4'"),
        ("*.avi", r"no file matches '\*.avi'"),
        ("texts", "'texts' is a folder without a video in it .*mp4"),
        ("it's.mp4", "it has an unclosed quote"),
        ("x" * 300 + ".mp4", "cannot be read: file name too long"),
    ],
    ids=["absent", "one-absent", "pattern", "folder", "quote", "too-long"],
)
def test_nothing_there(text, sentence, folder):
    """A part that names nothing is named in one sentence."""
    with pytest.raises(ValueError, match=sentence) as refusal:
        find_videos(text)
    assert "\n" not in str(refusal.value)


def test_many_names(folder):
    """Many short names, together longer than a file name can be, are all found."""
    names = [f"clip-number-{number}.mp4" for number in range(25)]
    for name in names:
        (folder / name).touch()
    assert [video.name for video in find_videos(" ".join(names))] == names


def test_unreadable(folder, monkeypatch):
    """A file or folder that may not be read is named with the reason."""
    monkeypatch.setattr(
        "pathlib.Path.is_file", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    with pytest.raises(ValueError, match=r"'a\.mp4' cannot be read: permission denied"):
        find_videos("a.mp4")


def test_endings_are_the_functions():
    """A folder's videos are what the function takes for videos by default."""
    from snapshot.settings import Settings

    defaults = Settings.model_fields["extensions"].default
    assert {ending.lstrip(".") for ending in defaults} == {ending[1:] for ending in ENDINGS}
