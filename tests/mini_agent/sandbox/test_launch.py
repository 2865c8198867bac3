"""`Sandbox.run` from the event loop: what comes back, what is bounded, and that nothing is left however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mini_agent.sandbox import folder
from mini_agent.sandbox.bounds import MEBIBYTE, Bounds
from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.launch import Sandbox
from mini_agent.sandbox.result import SandboxError, SandboxResult

ENDLESS = "import time\nopen('begun', 'w').close()\nwhile True: time.sleep(1)"


def python(sandbox: Sandbox, own: str, code: str, timeout: float = 20, **more: object) -> SandboxResult:
    return asyncio.run(start_python(sandbox, own, code, timeout, **more))


async def start_python(
    sandbox: Sandbox, own: str, code: str, timeout: float = 20, **more: object
) -> SandboxResult:
    argv = [sandbox.places.python, "-s", "-E", "-B", "main.py"]
    files = {"main.py": textwrap.dedent(code).encode()}
    return await sandbox.run(argv, folder=own, timeout=timeout, files=files, **more)


def processes_with(marker: str) -> list[int]:
    """Every process of the machine whose command line holds `marker`."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if marker.encode() in Path(f"/proc/{name}/cmdline").read_bytes():
                found.append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def working_in(folder_: str) -> Iterator[int]:
    """Every process whose working folder it is."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{name}/cwd") == folder_:
                yield int(name)


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "never came true"
        await asyncio.sleep(0.005)


def test_output_and_exit_code_come_back(each_way: Sandbox, tmp_path: Path):
    own = folder.make(each_way.way, each_way.places)
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    result = python(each_way, own, code)
    folder.remove(own)
    assert (result.rc, result.stdout, result.stderr) == (3, "out\n", "err\n")
    assert (result.timed_out, result.killed_for) == (False, "")
    assert result.ms > 0


def test_a_signal_is_told_as_a_negative_number(sandbox: Sandbox, own: str):
    result = python(sandbox, own, "import os; os.abort()")
    assert result.rc in (-signal.SIGABRT, 128 + signal.SIGABRT)


def test_input_is_given_whole_and_then_ends(sandbox: Sandbox, own: str):
    given = b"x" * 3_000_000
    result = python(sandbox, own, "import sys; print(len(sys.stdin.buffer.read()))", stdin=given)
    assert result.stdout == "3000000\n"


def test_without_input_there_is_none_to_read(sandbox: Sandbox, own: str):
    assert python(sandbox, own, "import sys; print(repr(sys.stdin.read()))").stdout == "''\n"


def test_the_environment_is_a_short_list(sandbox: Sandbox, own: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINI_AGENT_API_KEY", "secret")
    result = python(sandbox, own, "import os; print(sorted(os.environ))", env={"GIVEN": "yes"})
    assert set(eval(result.stdout)) - {"LC_CTYPE", "PWD"} == {"GIVEN", "HOME", "LANG", "PATH", "TMPDIR"}


def test_only_three_descriptors_are_open(sandbox: Sandbox, own: str):
    handle = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(handle, True)
    try:
        code = """
            import os
            def is_open(n):
                try:
                    os.fstat(n)
                    return True
                except OSError:
                    return False
            print([n for n in range(64) if is_open(n)])
        """
        assert python(sandbox, own, code).stdout == "[0, 1, 2]\n"
    finally:
        os.close(handle)


def test_its_folder_is_its_own_and_stays(sandbox: Sandbox, own: str):
    python(sandbox, own, "open('kept', 'w').write('here')")
    assert python(sandbox, own, "print(open('kept').read())").stdout == "here\n"
    assert Path(own, "kept").read_text() == "here"


def test_a_file_given_cannot_be_led_outside_by_a_link(sandbox: Sandbox, own: str, tmp_path: Path):
    target = tmp_path / "outside"
    target.write_text("untouched")
    target.chmod(0o666)
    python(sandbox, own, f"import os; os.remove('main.py'); os.symlink({str(target)!r}, 'main.py')")
    result = python(sandbox, own, "print('followed')")
    assert (result.rc, result.stdout) == (1, "")
    assert "main.py could not be written" in result.stderr
    assert target.read_text() == "untouched"


def test_a_program_that_does_not_exist_is_an_error(sandbox: Sandbox, own: str):
    with pytest.raises(SandboxError, match="No such file"):
        asyncio.run(sandbox.run(["/usr/bin/no-such-program"], folder=own, timeout=5))


def test_a_folder_that_does_not_exist_is_an_error(sandbox: Sandbox):
    with pytest.raises(SandboxError, match="No such file"):
        asyncio.run(sandbox.run([sandbox.places.python], folder="/no/such/folder", timeout=5))


def test_a_launcher_that_cannot_start_is_an_error(
    sandbox: Sandbox, own: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mini_agent.sandbox.running.START", "raise SystemExit('broken')")
    with pytest.raises(SandboxError, match="ended without a word: broken"):
        python(sandbox, own, "")


@pytest.mark.parametrize(("layers", "fails"), [((words.SWEEP,), True), ((), False)])
def test_a_process_that_cannot_be_ended_is_an_error(
    sandbox: Sandbox, own: str, layers: tuple[str, ...], fails: bool, monkeypatch: pytest.MonkeyPatch
):
    async def through(*_: object) -> dict[str, object]:
        return {"status": 9, "killed_for": "time", "fault": "", "ms": 1.0, "reaped": False}

    monkeypatch.setattr("mini_agent.sandbox.running.Run.through", through)
    with pytest.raises(SandboxError, match="could not be ended") if fails else contextlib.nullcontext():
        python(replace(sandbox, layers=layers), own, "")


def test_the_deadline_ends_it_and_what_it_printed_is_kept(sandbox: Sandbox, own: str):
    began = time.monotonic()
    result = python(sandbox, own, "print('before', flush=True)\n" + ENDLESS, timeout=0.8)
    assert time.monotonic() - began < 0.8 + 1.0
    assert (result.timed_out, result.killed_for, result.rc) == (True, "time", -signal.SIGKILL)
    assert result.stdout == "before\n"


def test_much_output_is_cut_in_the_middle(sandbox: Sandbox, own: str):
    small = replace(sandbox, bounds=Bounds(output=100))
    result = python(small, own, "print('a' * 200 + 'b' * 200)")
    assert result.stdout == "a" * 50 + "\n[... 301 of 401 bytes left out ...]\n" + "b" * 49 + "\n"
    assert result.rc == 0


def test_a_flood_of_output_is_stopped(sandbox: Sandbox, own: str):
    small = replace(sandbox, bounds=Bounds(output=1000))
    result = python(small, own, "while True: print('flood' * 1000)")
    assert result.killed_for == "output"
    assert result.stdout.startswith("flood")


def test_output_that_is_no_text_is_shown(sandbox: Sandbox, own: str):
    result = python(sandbox, own, r"import sys; sys.stdout.buffer.write(b'\xff\x00\xc3\x28')")
    assert result.stdout == "\ufffd\x00\ufffd("


def test_a_large_file_is_refused(sandbox: Sandbox, own: str):
    code = "open('large', 'wb').write(b'x' * 3_000_000)"
    result = python(replace(sandbox, bounds=Bounds(file_size=MEBIBYTE)), own, code)
    assert result.rc != 0
    assert Path(own, "large").stat().st_size <= MEBIBYTE


@pytest.mark.parametrize(
    "code",
    [
        "for n in range(10**6): open(str(n), 'wb').write(b'x' * 500_000)",
        "for n in range(10**6): open(str(n), 'w').close()",
        """
        import os
        kept = []
        for n in range(40):
            kept.append(open('gone', 'wb', buffering=0))
            os.remove('gone')
            kept[-1].write(b'x' * 500_000)
        import time
        time.sleep(20)
        """,
        """
        import mmap, os, time
        kept = []
        for n in range(40):
            with open('gone', 'w+b', buffering=0) as file:
                os.remove('gone')
                file.write(b'x' * 500_000)
                kept.append(mmap.mmap(file.fileno(), 500_000, mmap.MAP_PRIVATE))
        time.sleep(20)
        """,
    ],
    ids=["bytes", "files", "deleted but open", "deleted but mapped"],
)
def test_a_full_folder_ends_it(sandbox: Sandbox, own: str, code: str):
    bounds = Bounds(folder_bytes=8 * MEBIBYTE, folder_files=200)
    result = python(replace(sandbox, bounds=bounds), own, code)
    assert (result.killed_for, result.rc) == ("disk", -signal.SIGKILL)


def test_room_on_the_disk_is_not_had_beyond_the_limit(sandbox: Sandbox, own: str):
    code = """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        handle = os.open('taken', os.O_CREAT | os.O_WRONLY)
        print(libc.fallocate(handle, 1, ctypes.c_long(0), ctypes.c_long(40 << 20)), os.stat('taken').st_blocks)
        try:
            os.posix_fallocate(handle, 0, 40 << 20)
        except OSError as refusal:
            print('refused')
    """
    assert (
        python(
            sandbox,
            own,
            "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + textwrap.dedent(code),
        ).stdout
        == "-1 0\nrefused\n"
    )


def test_no_file_of_it_runs_with_its_owner_s_rights(each_way: Sandbox):
    own = folder.make(each_way.way, each_way.places)
    code = """
        import os
        for way in (lambda: os.chmod('main.py', 0o4755), lambda: os.fchmod(3, 0o2755), lambda: os.open('s', os.O_CREAT, 0o4755)):
            try:
                handle = os.open('main.py', os.O_RDONLY)
                way()
                print('done')
            except OSError:
                print('refused')
    """
    result = python(each_way, own, code)
    modes = [os.stat(os.path.join(own, name)).st_mode & 0o6000 for name in os.listdir(own)]
    folder.remove(own)
    assert result.stdout.split() == ["refused"] * 3, result
    assert modes == [0]


def test_nothing_outside_a_process_can_hold_memory(sandbox: Sandbox, own: str):
    code = """
        import mmap, os
        for name, take in (
            ("memfd", lambda: os.memfd_create("x")),
            ("shared", lambda: mmap.mmap(-1, 4096)),
        ):
            try:
                take()
                print(name, "had")
            except OSError as refusal:
                print(name, "refused")
    """
    assert python(sandbox, own, code).stdout == "memfd refused\nshared refused\n"


def test_a_process_cannot_hide_from_the_launcher(sandbox: Sandbox, own: str):
    code = (
        "import ctypes; print(ctypes.CDLL(None).prctl(4, 0, 0, 0, 0), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    assert python(sandbox, own, code).stdout == "-1 1\n"


def test_what_the_program_leaves_running_ends_with_it(each_way: Sandbox):
    own = folder.make(each_way.way, each_way.places)
    code = "import os, time\nif os.fork() == 0:\n  os.setsid()\n  time.sleep(60)"
    began = time.monotonic()
    result = python(each_way, own, code)
    assert (result.rc, result.killed_for) == (0, "")
    assert time.monotonic() - began < 5
    assert processes_with(own) == []
    folder.remove(own)


def test_it_dies_before_others_when_memory_is_short(sandbox: Sandbox, own: str):
    async def score() -> str:
        task = asyncio.create_task(start_python(sandbox, own, ENDLESS))
        await until(Path(own, "begun").exists)
        [number] = [pid for pid in processes_with("main.py") if os.readlink(f"/proc/{pid}/cwd") == own]
        found = Path(f"/proc/{number}/oom_score_adj").read_text()
        task.cancel()
        await asyncio.wait([task])
        return found

    assert asyncio.run(score()) == "1000\n"


def test_what_forked_processes_share_counts_once(sandbox: Sandbox, own: str):
    """Eight processes that share 40 MB hold 40 MB, not 320."""
    code = """
        import os, time
        kept = b"x" * (40 << 20)
        for _ in range(8):
            if os.fork() == 0:
                time.sleep(0.5)
                os._exit(0)
        for _ in range(8):
            os.wait()
        print("done")
    """
    result = python(replace(sandbox, bounds=Bounds(memory=200 * MEBIBYTE)), own, code)
    assert (result.stdout, result.killed_for) == ("done\n", "")


def test_a_bomb_that_forks_for_ever_is_held_and_cleared(sandbox: Sandbox, own: str):
    code = """
        import os
        open('begun', 'w').close()
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """
    began = time.monotonic()
    result = python(replace(sandbox, bounds=Bounds(processes=20)), own, code, timeout=2.5)
    assert result.killed_for in ("time", "processes")
    assert Path(own, "begun").exists()
    assert time.monotonic() - began < 6
    assert processes_with(own) == []


def test_ordinary_python_works(sandbox: Sandbox, own: str):
    """What generated code leans on: threads, subprocesses, event loops, temporary files, databases, decimals."""
    code = """
        import asyncio, concurrent.futures, decimal, json, pathlib, shutil, sqlite3, subprocess, sys, tempfile
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            print(sum(pool.map(lambda n: n * n, range(10))))
        print(subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, text=True).stdout.strip())
        async def later():
            await asyncio.sleep(0.01)
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
            return await process.wait()
        print(asyncio.run(later()))
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "x").write_text("temporary")
            shutil.copyfile(pathlib.Path(folder, "x"), "copied")
        print(pathlib.Path("copied").read_text())
        base = sqlite3.connect("base.db")
        base.execute("create table t (n)")
        base.execute("insert into t values (7)")
        base.commit()
        print(base.execute("select n from t").fetchone()[0])
        print(decimal.Decimal("0.1") * 3, json.dumps({"a": 1}), open("/dev/null", "w").write("x"))
    """
    result = python(sandbox, own, code)
    assert result.stderr == ""
    assert result.stdout.split("\n") == ["285", "child", "0", "temporary", "7", '0.3 {"a": 1} 1', ""]


@pytest.mark.parametrize("times", [1, 2])
def test_cancelled_it_is_gone_within_a_quarter_of_a_second(each_way: Sandbox, times: int):
    own = folder.make(each_way.way, each_way.places)

    async def cancel() -> float:
        task = asyncio.create_task(start_python(each_way, own, ENDLESS))
        await until(Path(own, "begun").exists)
        began = time.monotonic()
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert processes_with(own) == []
        return time.monotonic() - began

    handles = len(os.listdir("/proc/self/fd"))
    took = asyncio.run(cancel())
    folder.remove(own)
    assert took < 0.25
    assert len(os.listdir("/proc/self/fd")) == handles


def test_cancelled_while_it_starts_nothing_is_left(sandbox: Sandbox, own: str):
    async def cancel(after: float) -> None:
        task = asyncio.create_task(start_python(sandbox, own, ENDLESS))
        await asyncio.sleep(after)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert processes_with(own) == []

    for after in (0, 0.001, 0.005, 0.01, 0.02, 0.04):
        asyncio.run(cancel(after))


def test_many_run_at_once(sandbox: Sandbox, own: str):
    async def many() -> list[SandboxResult]:
        runs = (
            sandbox.run([sandbox.places.python, "-c", f"print({n})"], folder=own, timeout=30)
            for n in range(6)
        )
        return await asyncio.gather(*runs)

    assert [result.stdout for result in asyncio.run(many())] == [f"{n}\n" for n in range(6)]


SERVICE = """
import asyncio, os, sys
from mini_agent.sandbox.launch import Sandbox
way, layers, bubblewrap, own = sys.argv[1], tuple(sys.argv[2].split(",")), sys.argv[3], sys.argv[4]
sandbox = Sandbox(way, layers, bubblewrap=bubblewrap)
files = {"main.py": sys.stdin.read().encode()}
argv = [sandbox.places.python, "-B", "main.py"]
result = asyncio.run(sandbox.run(argv, folder=own, timeout=30, files=files))
print(result.stdout, "rc", result.rc, "service alive", flush=True)
"""


def service(sandbox: Sandbox, own: str, code: str) -> subprocess.Popen[str]:
    """A process that is the service: holds a secret, runs generated code in the sandbox."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE, sandbox.way, ",".join(sandbox.layers), sandbox.bubblewrap, own],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "MINI_AGENT_API_KEY": "sk-of-the-service"},
    )
    assert process.stdin is not None
    process.stdin.write(textwrap.dedent(code))
    process.stdin.close()
    process.stdin = None
    return process


def test_a_service_killed_outright_leaves_nothing(each_way: Sandbox):
    own = folder.make(each_way.way, each_way.places)
    code = "import os\nif os.fork() == 0: os.setsid()\n" + ENDLESS
    process = service(each_way, own, code)
    try:
        asyncio.run(until(Path(own, "begun").exists))
        process.kill()
        process.wait()
        asyncio.run(until(lambda: processes_with(own) == [], seconds=5))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        folder.remove(own)


def test_a_launcher_killed_outright_leaves_nothing(each_way: Sandbox):
    own = folder.make(each_way.way, each_way.places)

    async def kill() -> None:
        code = "import os\nif os.fork() == 0: os.setsid()\n" + ENDLESS
        task = asyncio.create_task(start_python(each_way, own, code))
        await until(Path(own, "begun").exists)
        [launcher] = [
            pid for pid in processes_with("mini_agent.sandbox.inside.main") if parent_of(pid) == os.getpid()
        ]
        os.kill(launcher, signal.SIGKILL)
        with pytest.raises(SandboxError, match="ended without a word"):
            await task
        await until(lambda: not any(working_in(own)), seconds=5)

    asyncio.run(kill())
    folder.remove(own)


def test_its_interpreter_cannot_be_changed(each_way: Sandbox):
    """Tried in ways that would do no harm, because the interpreter is this machine's own."""
    own = folder.make(each_way.way, each_way.places)
    code = """
        import os, stat, sys
        for path in (os.__file__, sys.executable, os.path.dirname(os.__file__)):
            now = os.stat(path)
            ways = {
                'open': lambda: os.close(os.open(path, os.O_WRONLY)),
                'mode': lambda: os.chmod(path, stat.S_IMODE(now.st_mode)),
                'owner': lambda: os.chown(path, now.st_uid, now.st_gid),
                'times': lambda: os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns)),
                'attributes': lambda: os.setxattr(path, 'user.tried', b''),
                'name': lambda: os.rename(path, path + '.moved') or os.rename(path + '.moved', path),
                'link': lambda: os.link(path, path + '.link') or os.unlink(path + '.link'),
            }
            for name, way in ways.items():
                try:
                    way()
                    print(name, path, 'done')
                except OSError:
                    print('refused')
    """
    result = python(each_way, own, code)
    folder.remove(own)
    assert result.stdout.split() == ["refused"] * 21, result


def test_the_service_itself_is_out_of_reach(each_way: Sandbox):
    """Its number is handed over; its environment, its memory and its life are tried for."""
    own = folder.make(each_way.way, each_way.places)
    code = """
        import ctypes, os, signal, time
        while not os.path.exists('number'):
            time.sleep(0.01)
        number = int(open('number').read())
        def attempt(what):
            try:
                print(what())
            except OSError as refusal:
                print('refused', type(refusal).__name__)
        parents = [os.getppid(), number]
        for pid in parents:
            attempt(lambda: open(f'/proc/{pid}/environ').read())
            attempt(lambda: open(f'/proc/{pid}/mem', 'rb').read(1))
            attempt(lambda: os.listdir(f'/proc/{pid}/fd'))
            attempt(lambda: ctypes.CDLL(None).ptrace(16, pid, 0, 0))
        for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            attempt(lambda: os.kill(number, signal_number))
        print(dict(os.environ))
    """
    process = service(each_way, own, code)
    try:
        note = Path(own, "number.new")
        note.write_text(str(process.pid))
        note.chmod(0o644)
        note.rename(Path(own, "number"))
        printed = process.communicate(timeout=40)[0]
    finally:
        process.kill()
        process.wait()
        folder.remove(own)
    assert process.returncode == 0, printed
    assert "sk-of-the-service" not in printed
    assert printed.endswith("rc 0 service alive\n")
    assert printed.count("refused") >= 9, printed
