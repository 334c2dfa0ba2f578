import os

import pytest

from roomgate.cli.demo.programs import NotStarted, Programs

pytestmark = pytest.mark.asyncio


@pytest.fixture
def programs(tmp_path) -> Programs:
    import sys

    return Programs(tmp_path, {"PYTHONPATH": os.pathsep.join(sys.path)})


async def test_a_program_that_starts_is_stopped_and_gone(programs, tmp_path):
    ready = await programs.start("sim", "sim", "serve", "--data", str(tmp_path / "sim"), "--json")
    pid = programs.pid("sim")
    assert (ready["pid"], len(ready["rooms"])) == (pid, 1)
    process = programs.running["sim"]
    await programs.stop_all()
    assert (programs.running, process.returncode) == ({}, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await programs.stop("sim")  # safe to repeat


async def test_a_program_that_does_not_start_is_told_with_its_log(programs, tmp_path):
    with pytest.raises(NotStarted, match=r"sim did not start; see .*sim\.log"):
        await programs.start("sim", "sim", "serve", "--rooms", "0", "--json")
    assert "Between 1 and" in (tmp_path / "sim.log").read_text()
    await programs.stop_all()


async def test_a_program_that_says_nothing_in_its_time_has_not_started(programs, tmp_path):
    programs.start_s = 0.0
    with pytest.raises(NotStarted, match="sim did not start"):
        await programs.start("sim", "sim", "serve", "--data", str(tmp_path / "sim"), "--json")
    await programs.stop_all()


async def test_a_command_runs_to_its_end(programs):
    assert await programs.run("schema", "xapi", "schema") == {}
    assert (await programs.run("policy", "connector", "policy", "check", "--json"))["ok"] is True
    code, out, err = await programs.finish("whoami", env={"HOME": "/nonexistent", "ROOMGATE_HUB": ""})
    assert (code, out, "not signed in" in err) == (1, "", True)
    with pytest.raises(NotStarted, match="whoami failed"):
        await programs.run("whoami", "whoami", "--no-such-option")


async def test_a_program_may_be_started_by_another_command(programs):
    programs.within = {"xapi": ("env", "HOME=/elsewhere", "false")}
    with pytest.raises(NotStarted, match="schema failed"):
        await programs.run("schema", "xapi", "schema")
    assert (await programs.run("policy", "connector", "policy", "check", "--json"))["ok"] is True
