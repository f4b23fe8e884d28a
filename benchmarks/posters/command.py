"""Films and strategies -> how often each chooses a bad poster, and its paid calls: `python -m benchmarks posters`.

Seed 0 is what the score was set on; the other seeds are held back. Writes results/posters.json, posters.svg and
posters.jpg (what was chosen, film by film; no clip is in it, they are not ours). The exit code is 1 where the goals do
not hold.
"""

import argparse
import io
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from benchmarks.posters.clips import clip_films
from benchmarks.posters.corpus import Film, Worth, films
from benchmarks.posters.function import by_function
from benchmarks.posters.report import Shown, draw_bars, draw_sheet
from benchmarks.posters.strategies import DECODING, STRATEGIES, Source
from snapshot.products.poster import choose
from snapshot.products.scoring import measure

RESULTS = Path(__file__).parents[1] / "results"
DEV, HELD_BACK = 0, (3, 4)
WAYS = {**STRATEGIES, "the function": by_function}
MAX_BAD, MAX_CALLS = 0.02, 1.2  # of films with a good frame; extra calls a film


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choice of one strategy for one film."""

    at_ms: int
    worth: Worth
    extra_calls: int
    score: float | None
    is_flat: bool | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One film, the choice of each strategy, and whether the best choice stands under other pictures."""

    group: str
    name: str
    kind: str
    has_good: bool
    chosen: dict[str, Chosen]
    stable: dict[str, bool]
    pictures: dict[str, bytes]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks posters", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="one film of each kind, nothing written")
    parser.add_argument("--films", type=Path, help="a folder in which the films are kept between runs")
    parser.add_argument(
        "--clips",
        type=Path,
        default=os.environ.get("POSTER_CLIPS") or None,
        help="a folder with real clips, or POSTER_CLIPS (benchmarks/posters/clips.py says which)",
    )
    parser.add_argument("--json", type=Path, default=RESULTS / "posters.json", help="where the figures go")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="posters-") as temporary:
        folder = args.films or Path(temporary)
        judged = list(judge_all(folder, args.clips, smoke=args.smoke))
    results = summarise(judged)
    tell(results)
    if args.smoke:
        return 0
    args.json.parent.mkdir(exist_ok=True)
    args.json.write_text(json.dumps(results, indent=1) + "\n")
    bars = {
        name: (row["held back"]["bad"], price_of(name, row["held back"])) for name, row in results["strategies"].items()
    }
    (args.json.parent / "posters.svg").write_text(draw_bars(bars))
    rows = [shown_row(film) for film in judged if film.group == "held back" and film.name.endswith("-0")]
    draw_sheet(args.json.parent / "posters.jpg", list(WAYS), rows)
    figures = results["strategies"]["the function"]["held back"]
    return 0 if figures["bad"] <= MAX_BAD and figures["extra_calls"] <= MAX_CALLS else 1


def judge_all(folder: Path, clips: Path | None, *, smoke: bool) -> Iterable[Judged]:
    """Yield every film judged, one process a core."""
    jobs: list[tuple[str, int, str, Path | None]] = []
    for group, seed in (("set on", DEV), *(("held back", seed) for seed in HELD_BACK)):
        of_seed = [film.name for film in films(seed) if not smoke or (film.name.endswith("-0") and seed == DEV)]
        jobs += [(group, seed, name, None) for name in of_seed]
    if clips:
        jobs += [("clips", DEV, film.name, clips) for film in clip_films(clips, DEV)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, film in enumerate(pool.map(partial(judge, folder), jobs), start=1):
            print(f"\r{number} of {len(jobs)} films", end="", flush=True)
            yield film
    print()


def judge(folder: Path, job: tuple[str, int, str, Path | None]) -> Judged:
    """Make a film where it is not there yet, and let every strategy choose."""
    group, seed, name, clips = job
    film = next(film for film in (clip_films(clips, seed) if clips else films(seed)) if film.name == name)
    path = folder / ("clips" if clips else str(seed)) / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        film.make(path)
    source = Source(path, film.duration_ms)
    choices = {strategy: choose_poster(source) for strategy, choose_poster in WAYS.items()}
    chosen = {
        strategy: Chosen(
            poster.at_ms,
            film.worth_at(poster.at_ms),
            poster.extra_calls,
            poster.choice.score if poster.choice else None,
            poster.choice.is_flat if poster.choice else poster.is_flat,
            poster.choice.reason if poster.choice else None,
        )
        for strategy, poster in choices.items()
    }
    pictures = {
        strategy: thumbnail(source.capture(min(poster.at_ms, film.duration_ms - 1)))
        for strategy, poster in choices.items()
    }
    return Judged(group, name, film.kind, film.has_good, chosen, stability(film, source, chosen["best"]), pictures)


def stability(film: Film, source: Source, chosen: Chosen) -> dict[str, bool]:
    """Tell whether the same candidates give a choice of the same worth when they come compressed hard, or small."""
    stable = {}
    for name, change in (("quality 40", recompressed), ("160 px", halved)):
        candidates = [source.candidate(at_ms, "shot") for at_ms in sorted(source.stats)]
        changed = [
            type(candidate)(candidate.at_ms, candidate.origin, measure(change(source.capture(candidate.at_ms))))
            for candidate in candidates
        ]
        choice = choose(changed, "best", duration_ms=film.duration_ms)
        stable[name] = film.worth_at(choice.at_ms) == chosen.worth
    return stable


def recompressed(picture: Image.Image) -> Image.Image:
    """Return a picture after a hard JPEG compression."""
    body = io.BytesIO()
    picture.save(body, "JPEG", quality=40)
    return Image.open(body).convert("RGB")


def halved(picture: Image.Image) -> Image.Image:
    """Return a picture at half its size."""
    return picture.reduce(2)


def thumbnail(picture: Image.Image) -> bytes:
    """Return a picture as a small JPEG."""
    small, body = picture.copy(), io.BytesIO()
    small.thumbnail((96, 54))
    small.save(body, "JPEG", quality=75)
    return body.getvalue()


def shown_row(film: Judged) -> tuple[str, list[Shown]]:
    """Return a film's row of the contact sheet."""
    return film.name, [Shown(film.pictures[name], film.chosen[name].worth) for name in WAYS]


def summarise(judged: Sequence[Judged]) -> dict:  # type: ignore[type-arg]  # a JSON document
    """Return the figures as they are written."""
    groups = list(dict.fromkeys(film.group for film in judged))
    strategies = {
        name: {group: rate([film for film in judged if film.group == group], name) for group in groups} for name in WAYS
    }
    kinds = sorted({film.kind for film in judged})
    best = {kind: rate([film for film in judged if film.kind == kind], "best") for kind in kinds}
    misses = [
        {"group": film.group, "film": film.name, **asdict(film.chosen["best"])}
        for film in judged
        if film.has_good and film.chosen["best"].worth == "bad"
    ]
    wrong_flat = [film.name for film in judged if film.chosen["the function"].is_flat is film.has_good]
    differing = [film.name for film in judged if film.chosen["the function"].at_ms != film.chosen["best"].at_ms]
    stable = {name: round(sum(film.stable[name] for film in judged) / len(judged), 4) for name in judged[0].stable}
    return {
        "films": {group: sum(film.group == group for film in judged) for group in groups},
        "goals": {"bad": MAX_BAD, "extra_calls": MAX_CALLS},
        "strategies": strategies,
        "best by kind": best,
        "misses of best": misses,
        "wrongly called flat or not": wrong_flat,
        "function differs from best": differing,
        "same worth when changed": stable,
    }


def rate(judged: Sequence[Judged], strategy: str) -> dict[str, float]:
    """Return the share of bad and fair posters among films with a good frame, and the mean of extra calls of all."""
    rated = [film.chosen[strategy].worth for film in judged if film.has_good]
    calls = sum(film.chosen[strategy].extra_calls for film in judged) / len(judged)
    shares = {worth: round(rated.count(worth) / max(1, len(rated)), 4) for worth in ("bad", "fair")}
    return {"films": len(rated), **shares, "extra_calls": round(calls, 2)}


def price_of(strategy: str, rates: dict[str, float]) -> str:
    """Return in words what a strategy costs beyond the shots."""
    return "downloads and decodes the film" if strategy in DECODING else f"{rates['extra_calls']:.1f} calls"


def tell(results: dict) -> None:  # type: ignore[type-arg]  # a JSON document
    """Print the figures for a person."""
    for name, groups in results["strategies"].items():
        row = "   ".join(
            f"{group}: bad {rates['bad']:6.1%}, {rates['extra_calls']:.2f} calls" for group, rates in groups.items()
        )
        print(f"{name:18} {row}")
    for miss in results["misses of best"]:
        print("missed:", miss)
    print("same worth when changed:", results["same worth when changed"])
