from roomgate.metrics.histogram import SECONDS, Histogram


def test_each_bucket_holds_all_that_are_smaller():
    it = Histogram()
    for seconds in (0.005, 0.01, 0.2, 99.0):
        it.add(seconds)
    found = dict(it.buckets())
    assert (found["0.01"], found["0.25"], found[str(SECONDS[-1])], found["+Inf"]) == (2, 3, 3, 4)
    (family,) = [it.family("x_seconds", "How long.")]
    assert (family.name, family.samples[-1].value) == ("x_seconds", it.total)
