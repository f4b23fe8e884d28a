"""Which poster each way of choosing takes, on films whose good, fair and bad moments are known.

painting    a seed and a moment -> a picture: scenes worth showing, and all that stands before, between and after them
corpus      a seed -> labelled films, as files
strategies  a film -> the moment that each way of choosing takes, and what it pays for
function    a film -> what the whole function takes of it
report      choices -> figures, a chart, contact sheets
clips       real clips -> films with hard beginnings
command     what `python -m benchmarks posters` runs
"""
