from benchmarks.soak import soak


def test_soak():
    """After 60 uploads and deletes under faults and kills nothing is lost, false or orphaned."""
    figures = soak(60)
    assert figures.problems == []
    assert figures.uploads + figures.deletes == 60
    assert figures.deliveries > 60
    assert figures.faults > 0
    assert figures.videos > 0
