# SPDX-License-Identifier: Apache-2.0
"""What was recorded can be replayed, and nobody changes it unseen."""
import json
import shutil
import subprocess

import pytest
import yaml

from support.daemon import BUILD


@pytest.fixture(scope="module")
def recorded(daemon, postgres):
    """A state directory with five ended sessions, the last of several blocks, and the daemon stopped."""
    target = f"host=127.0.0.1 port={postgres.port} user=alice dbname=shop"
    for statement in ("SELECT name, ssn FROM customers ORDER BY id", "DELETE FROM customers", "SELECT 1", "SELECT 2"):
        daemon.run("writer", "psql", "-X", target, "-c", statement)
    agent = daemon.spawn("reporter", "psql", "-X", target, "-c", "UPDATE notes SET body = 'x' WHERE id = 2")
    daemon.sluice("approve", daemon.ticket()["ticket"], "--note", "by hand")
    agent.communicate(timeout=30)
    # Answers that are too large to wait for their block in the journal.
    daemon.run("writer", "psql", "-X", target, *["-c", "SELECT repeat('x', 20000)"] * 3)
    daemon.stop()
    return daemon


@pytest.fixture
def copy(recorded, tmp_path):
    state = tmp_path / "state"
    shutil.copytree(recorded.state_dir, state)
    settings = yaml.safe_load(recorded.config.read_text())
    (tmp_path / "sluice.yaml").write_text(yaml.safe_dump({**settings, "state_dir": str(state)}))
    return state


def verify(state):
    done = subprocess.run([BUILD / "sluice", "--config", state.parent / "sluice.yaml", "verify", "--json"],
                          capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout)


def sessions_of(state):
    return sorted((state / "recordings").glob("ses-*.slr"), key=lambda file: file.stat().st_mtime_ns)


def test_what_nobody_touched_is_whole(copy):
    code, report = verify(copy)
    assert code == 0 and report["ok"] and not report["findings"]


def found(state, *words):
    code, report = verify(state)
    assert code == 1 and not report["ok"]
    first = json.dumps(report["findings"])
    for word in words:
        assert word in first, first
    return report


@pytest.mark.parametrize("part", ["first byte", "middle", "last byte"])
def test_a_flipped_byte_is_found_and_named(copy, part):
    file = sessions_of(copy)[0]
    data = bytearray(file.read_bytes())
    position = {"first byte": 0, "middle": len(data) // 2, "last byte": len(data) - 1}[part]
    data[position] ^= 1
    file.write_bytes(data)
    found(copy, file.stem)


def test_a_removed_record_is_found(copy):
    file = sessions_of(copy)[-1]
    data = file.read_bytes()
    magic = data[:4]
    starts = [i for i in range(len(data)) if data.startswith(magic, i)]
    assert len(starts) > 3, "the recording has several blocks"
    file.write_bytes(data[:starts[1]] + data[starts[2]:])
    found(copy, file.stem)


def test_a_removed_tail_is_found(copy):
    file = sessions_of(copy)[1]
    data = file.read_bytes()
    magic = data[:4]
    last = max(i for i in range(len(data)) if data.startswith(magic, i))
    file.write_bytes(data[:last])
    found(copy, file.stem)


def test_a_removed_session_is_found(copy):
    file = sessions_of(copy)[2]
    file.unlink()
    found(copy, file.stem)


def test_two_swapped_sessions_are_found(copy):
    first, second = sessions_of(copy)[:2]
    spare = first.with_suffix(".spare")
    first.rename(spare)
    second.rename(first)
    spare.rename(second)
    found(copy, first.stem)


def test_an_edited_index_is_found(copy):
    index = copy / "recordings" / "index"
    data = index.read_bytes()
    assert b"reporter" in data
    index.write_bytes(data.replace(b"reporter", b"reported", 1))
    found(copy, "index")


def test_a_cut_host_chain_is_found(copy):
    chain = copy / "recordings" / "host.chain"
    chain.write_bytes(chain.read_bytes()[:-40])
    found(copy, "host.chain")


def test_replay_shows_what_the_agent_saw(recorded):
    rows = recorded.json("sessions")["sessions"]
    text = recorded.sluice("replay", rows[0]["session"]).stdout
    assert "SELECT name, ssn FROM customers" in text and "[redacted]" in text and "Ada" in text
    denied = recorded.sluice("replay", rows[1]["session"]).stdout
    assert "DENY" in denied and "never a whole table" in denied
    held = recorded.sluice("replay", rows[-2]["session"]).stdout
    assert "approved by root" in held and "by hand" in held and "UPDATE 1" in held


def test_replay_speaks_json_and_asciicast(recorded):
    session = recorded.json("sessions")["sessions"][0]["session"]
    document = json.loads(recorded.sluice("replay", session, "--format", "json").stdout)
    assert "[redacted]" in json.dumps(document)
    cast = recorded.sluice("replay", session, "--format", "asciicast").stdout.splitlines()
    assert json.loads(cast[0])["version"] == 2 and len(cast) > 2
