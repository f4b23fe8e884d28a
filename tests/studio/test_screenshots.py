import io
from pathlib import Path

import pytest
from PIL import Image

from emulator.films.film import paint_frame
from studio.page import contact_sheet
from studio.screenshots import find_chromium, main, save_small, take_screenshot
from tests.studio.conftest import result_of


@pytest.mark.parametrize(("scheme", "is_light"), [("light", True), ("dark", False)], ids=["light", "dark"])
def test_whole_page(scheme, is_light, chromium, tmp_path):
    """A screenshot holds the whole page in the colours of its scheme, and no empty paper below."""
    file = io.BytesIO()
    paint_frame(1, size=(320, 180)).save(file, "png")
    (tmp_path / "picture.png").write_bytes(file.getvalue())
    page = contact_sheet([result_of(times=(1000,), sizes=((320, 180),))], href=lambda bucket, key: "picture.png")
    (tmp_path / "page.html").write_text(page, "utf-8")
    screenshot = take_screenshot(tmp_path / "page.html", scheme=scheme)
    assert screenshot.width == 1280
    assert 500 < screenshot.height < 2000
    assert (sum(screenshot.getpixel((2, 2))) > 384) == is_light
    save_small(screenshot, tmp_path / "small.png")
    assert (tmp_path / "small.png").stat().st_size < 400_000


def test_rich_picture(tmp_path):
    """A picture too rich for a README is saved in fewer colours."""
    rich = Image.effect_noise((700, 400), 80).convert("RGB")
    rich.paste(Image.effect_noise((700, 400), 80), mask=Image.linear_gradient("L").resize((700, 400)))
    save_small(rich, tmp_path / "rich.png")
    with Image.open(tmp_path / "rich.png") as saved:
        assert saved.mode == "P"


def test_no_browser(monkeypatch, capsys, tmp_path):
    """Without a browser one sentence says what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="Chromium"):
        find_chromium()
    assert main(["--into", str(tmp_path / "docs")]) == 1
    assert capsys.readouterr().err.startswith("screenshots: the pictures need Chromium")
    assert not Path(tmp_path / "docs").exists()
