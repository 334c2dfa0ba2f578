from bench.measurements import cut_many
from bench.measurements.cut_many import HOWS, Found


def test_the_last_news_and_the_goodbye_are_judged_apart():
    found = Found(
        news={how: [1.0, 20.0] for how in HOWS}, end={how: [30.0, 2000.0] for how in HOWS}, channels=20,
        hub_kib=(1024, 2048), open_s=1.0,
    )  # fmt: skip
    result = cut_many.build(found, 2)
    judged = {one.id: one.met for one in result.judged}
    assert judged["cut-many.site.p99"]
    assert not judged["cut-many.site.goodbye.p99"]
    assert len(judged) == 2 * len(HOWS)
    assert "51.2 KiB for each" in result.notes[0]
