from roomgate.link import version


def test_the_history_ends_with_the_version() -> None:
    assert version.__doc__ is not None
    steps = [line.split()[0] for line in version.__doc__.splitlines() if line[:1].isdigit()]
    assert steps == [str(number) for number in range(1, version.VERSION + 1)]
