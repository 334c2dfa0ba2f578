from bench.measurements.check_run import DOUBLES, Took, build


def took(**more: object) -> Took:
    quick = {name: [50.0, 52.0] for name in DOUBLES.values()}
    told = {"quick": quick, "asked": dict.fromkeys(quick, 90), "links": [26.0], "allowed": [25.0], **more}
    return Took(**told)


def met(found: Took) -> dict[str, bool]:
    return {one.id: one.met for one in build(found, 100).judged}


def test_each_double_is_judged_by_itself_and_the_links_by_what_the_rate_allows():
    assert met(took()) == {"check-run.quick.2019": True, "check-run.quick.clean": True, "check-run.links": True}
    slow = {"the 2019 double": [50.0], "the clean double": [61.0]}
    assert met(took(quick=slow)) == {
        "check-run.quick.2019": True, "check-run.quick.clean": False, "check-run.links": True,
    }  # fmt: skip
    assert not met(took(links=[27.6]))["check-run.links"]
    assert met(took(links=[260.0], allowed=[250.0]))["check-run.links"]
