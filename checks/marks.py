"""A document and a table -> the document with that table between its two marks, the comments that name its command."""


def replace(document: str, tables: str, *, command: str) -> str:
    """Return the document with these tables between the marks of `python -m checks COMMAND --write`.

    Raises:
        ValueError: the document does not have both marks.
    """
    begin, end = f"<!-- {command}: written by `python -m checks {command} --write` -->", f"<!-- {command}: end -->"
    head, first, rest = document.partition(begin)
    _, last, tail = rest.partition(end)
    if not (first and last):
        raise ValueError(f"the document needs the line {begin} and, further down, the line {end}")
    return f"{head}{begin}\n\n{tables}\n\n{end}{tail}"
