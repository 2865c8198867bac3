"""Whose source swallows an assertion, and whose only looks like it."""

from __future__ import annotations

import ast
import textwrap

import pytest

from readiness_probe.handlers import IN_DOUBT, PASSES_ON, swallowed_at


def answer(source):
    """The answer for the line that ends in `# here`."""
    source = textwrap.dedent(source).strip("\n")
    (line,) = [number for number, text in enumerate(source.splitlines(), 1) if text.endswith("# here")]
    return swallowed_at(ast.parse(source), line)


SWALLOWED = {
    "pass": """
        def test():
            try:
                assert f() == 1  # here
            except AssertionError:
                pass
        """,
    "ellipsis": """
        def test():
            try:
                assert f() == 1  # here
            except AssertionError:
                ...
        """,
    "bare": """
        def test():
            try:
                assert f() == 1  # here
            except:
                pass
        """,
    "any exception, printed": """
        def test():
            try:
                assert f() == 1  # here
            except Exception as error:
                print("never mind", error)
        """,
    "logged": """
        def test():
            try:
                assert f() == 1  # here
            except (ValueError, AssertionError):
                log.warning("never mind")
                return
        """,
    "after a handler of something else": """
        def test():
            try:
                assert f() == 1  # here
            except ValueError:
                raise
            except BaseException:
                return None
        """,
    "a loop inside": """
        async def test():
            try:
                for one in f():
                    if one:
                        assert one == 1  # here
            except AssertionError:
                pass
        """,
    "the outer of two": """
        def test():
            try:
                try:
                    assert f() == 1  # here
                except ValueError:
                    pass
            except AssertionError:
                pass
        """,
    "with a finally": """
        def test():
            try:
                assert f() == 1  # here
            except AssertionError:
                pass
            finally:
                close()
        """,
    "in the else of another": """
        def test():
            try:
                try:
                    f()
                except ValueError:
                    pass
                else:
                    assert f() == 1  # here
            except AssertionError:
                pass
        """,
    "through a helper": """
        def test():
            try:
                check(f())  # here
                g()
            except AssertionError:
                pass
        """,
}

IN_DOUBT_OF = {
    "retried": """
        def test():
            while True:
                try:
                    assert f() == 1  # here
                    break
                except AssertionError:
                    pass
        """,
    "retried in a for": """
        def test():
            for _ in range(5):
                try:
                    assert f() == 1  # here
                except AssertionError:
                    pass
        """,
    "raised again": """
        def test():
            try:
                assert f() == 1  # here
            except AssertionError:
                raise
        """,
    "an alternative": """
        def test():
            try:
                assert f() == 1  # here
            except AssertionError:
                assert f() == 2
        """,
    "noted for later": """
        def test():
            failures = []
            try:
                assert f() == 1  # here
            except AssertionError as error:
                failures.append(error)
            assert not failures
        """,
    "a flag": """
        def test():
            try:
                assert f() == 1  # here
            except AssertionError:
                failed = True
        """,
    "an answer": """
        def is_one():
            try:
                assert f() == 1  # here
            except AssertionError:
                return False
            return True
        """,
    "expected, else": """
        def test():
            try:
                check(2)  # here
            except AssertionError:
                pass
            else:
                raise RuntimeError("should have failed")
        """,
    "expected, fail": """
        def test():
            try:
                check(2)  # here
                pytest.fail("should have failed")
            except AssertionError:
                pass
        """,
    "expected, assert False": """
        def test():
            try:
                check(2)  # here
                assert False, "should have failed"
            except AssertionError:
                pass
        """,
    "a context manager": """
        def test():
            try:
                with something():
                    assert f() == 1  # here
            except AssertionError:
                pass
        """,
    "an exception by another name": """
        def test():
            try:
                assert f() == 1  # here
            except errors.Trouble:
                pass
        """,
    "marked": """
        def test():
            try:
                assert f() == 1  # here
            except AssertionError:
                pytest.xfail("known")
        """,
}

PASSED_ON = {
    "nothing around it": "def test():\n    assert f() == 1  # here",
    "another exception": """
        def test():
            try:
                assert f() == 1  # here
            except ValueError:
                pass
        """,
    "in the handler": """
        def test():
            try:
                f()
            except Exception:
                assert f() == 1  # here
        """,
    "in the else": """
        def test():
            try:
                f()
            except Exception:
                pass
            else:
                assert f() == 1  # here
        """,
    "in the finally": """
        def test():
            try:
                f()
            except Exception:
                pass
            finally:
                assert f() == 1  # here
        """,
    "around another function": """
        def test():
            try:
                def inner():
                    assert f() == 1  # here
            except AssertionError:
                pass
        """,
    "no statement there": "# here",
}


@pytest.mark.parametrize("source", SWALLOWED.values(), ids=SWALLOWED)
def test_swallowed(source):
    line = answer(source)
    assert line > 0
    assert textwrap.dedent(source).strip("\n").splitlines()[line - 1].lstrip().startswith("except")


@pytest.mark.parametrize("source", IN_DOUBT_OF.values(), ids=IN_DOUBT_OF)
def test_in_doubt(source):
    assert answer(source) == IN_DOUBT


@pytest.mark.parametrize("source", PASSED_ON.values(), ids=PASSED_ON)
def test_passed_on(source):
    assert answer(source) == PASSES_ON


def test_groups_and_cases():
    group = "def test():\n    try:\n        assert 0  # here\n    except* AssertionError:\n        pass"
    assert answer(group) == IN_DOUBT
    case = """
        def test():
            try:
                match f():
                    case 1:
                        assert 0  # here
            except AssertionError:
                pass
        """
    assert answer(case) > 0
