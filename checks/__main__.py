"""Run a check of the source tree: `python -m checks words`, `packages` or `posters`."""

import argparse
import sys
from pathlib import Path

from checks import packages, posters, words
from checks.marks import replace

_TABLES = {"packages": packages, "posters": posters}


def main(arguments: list[str] | None = None) -> int:
    """Run one check and print its result; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m checks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    counted = commands.add_parser("words", help="count function words, free openings, private words and metaphors")
    counted.add_argument("--tree", action="append", type=Path, help="folder to count; may be given several times")
    counted.add_argument("--places", action="store_true", help="also list every place")
    for name, module in _TABLES.items():
        written = commands.add_parser(name, help=f"print the tables of {module.DOCUMENT}")
        written.add_argument("--write", action="store_true", help="write them into the document")
    options = parser.parse_args(arguments)
    if options.command == "words":
        _print_words(options.tree or [Path()], with_places=options.places)
    else:
        _print_tables(options.command, is_written=options.write)
    return 0


def _print_words(trees: list[Path], *, with_places: bool) -> None:
    for tree in trees:
        total = words.count(tree)
        print(words.report(str(tree), total))
        if with_places:
            for place in (*total.function_words, *total.free_openings, *total.private_words, *total.metaphors):
                print(f"  {place}")


def _print_tables(command: str, *, is_written: bool) -> None:
    module = _TABLES[command]
    tables = module.render(Path())
    if not is_written:
        print(tables)
        return
    document = module.DOCUMENT.read_text(encoding="utf-8")
    module.DOCUMENT.write_text(replace(document, tables, command=command), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
