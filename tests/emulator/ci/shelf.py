"""Films of the corpus, each made once in a folder."""

import shutil

import pytest

from emulator.films.corpus import CORPUS


def shelved(folder, name):
    """Return the path of the film of that name, made the first time it is asked for."""
    path = folder / name
    if not path.exists():
        film = next(film for film in CORPUS if film.name == name)
        if film.needs_ffmpeg and not shutil.which("ffmpeg"):
            pytest.skip("this film is made by the ffmpeg program: install ffmpeg")
        film.make(path)
    return path
