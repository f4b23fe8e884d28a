"""Checks of the source tree itself: `python -m checks` counts words and writes tables into documents.

words       Python files -> shares of function words among names, and of free openings among docstrings
packages    import-linter's contracts -> the tables of packages in docs/architecture.md
posters     results of a benchmark -> the table of strategies in docs/posters.md
marks       where in a document such a table stands
"""
