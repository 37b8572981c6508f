"""The source that travels: it runs by itself elsewhere and gives the same, or it is refused here with the reason."""

from __future__ import annotations

import linecache
import math
import re
import types
from typing import Any

import headstock
import pytest
from headstock.sources import Source, source_of

from tests.clients import portable_examples as examples


def run(source: Source) -> Any:
    """What the source defines, in a module that has nothing else."""
    module = types.ModuleType("elsewhere")
    exec(compile(source.code, "elsewhere.py", "exec"), module.__dict__)
    return getattr(module, source.entry)


def test_a_function_travels_with_what_it_needs() -> None:
    source = source_of(examples.good)
    assert source.entry == "good"
    assert (
        run(source)(4)
        == examples.good(4)
        == ['{"small": [8, 16], "large": [32, null, 1.5, true]}', 1.0, 1.0, True, [1, 2]]
    )
    for import_ in ("import json", "import math as maths"):
        assert import_ in source.code.splitlines()
    assert "TABLE" not in source.code
    assert "Path" not in source.code


def test_names_of_its_own_and_annotations_need_nothing() -> None:
    source = source_of(examples.plain)
    assert run(source)(types.SimpleNamespace(TABLE=1)) == 6
    assert "object" not in source.code
    assert "import Path" not in source.code


def test_a_class_travels_with_its_bases() -> None:
    source = source_of(examples.Model)
    made = run(source)()
    assert made.build(4) == examples.Model().build(4)
    assert "import functools" in source.code.splitlines()


def test_what_surrounds_a_function_travels_when_it_is_a_module_or_a_constant() -> None:
    build, bad = examples.closure(9, math, object())
    assert run(source_of(build))(None) == 3.0
    with pytest.raises(headstock.NotPortable, match=r"`bad` uses `thing`, a object"):
        source_of(bad)


@pytest.mark.parametrize(
    ("builder", "says"),
    [
        (examples.uses_object, "`uses_object` uses `TABLE`, a list: only modules"),
        (examples.uses_path, "`uses_path` uses `HERE`, a pathlib"),
        (examples.nameless, "a lambda has no name"),
        (examples.part, "not a functools.partial"),
        (examples.Model(), "send the class"),
        (len, "not a builtin_function_or_method"),
        (3, "not a int"),
    ],
)
def test_what_cannot_travel_is_named(builder: object, says: str) -> None:
    with pytest.raises(headstock.NotPortable, match=re.escape(says)):
        source_of(builder)


def test_a_function_typed_into_an_interpreter_has_no_source() -> None:
    namespace: dict[str, Any] = {"__name__": "typed_in"}
    exec("def build(hp):\n    return 1\n", namespace)
    with pytest.raises(headstock.NotPortable, match="the source of `build` cannot be found"):
        source_of(namespace["build"])


def cell(number: int, text: str, namespace: dict[str, Any]) -> None:
    """Run a notebook cell as IPython does: a file name of its own, known to `linecache`."""
    name = f"<ipython-input-{number}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), namespace)


def test_functions_and_classes_of_notebook_cells_travel() -> None:
    notebook: dict[str, Any] = {"__name__": "__main__"}
    cell(1, "import math as maths\nfrom json import dumps\nWIDTH = 9\n", notebook)
    cell(2, "def helper(value):\n    return maths.sqrt(value)\n", notebook)
    cell(
        3,
        "class Net:\n    def build(self, hp):\n        return dumps(helper(WIDTH))\n\n\n"
        "def build(hp):\n    return Net().build(hp)\n",
        notebook,
    )
    assert run(source_of(notebook["build"]))(None) == "3.0"
    assert run(source_of(notebook["Net"]))().build(None) == "3.0"


def test_source_has_a_largest_size() -> None:
    namespace: dict[str, Any] = {"__name__": "large"}
    cell(9, "def build(hp):\n" + "    hp = 'some text that is long enough'\n" * 8000 + "    return hp\n", namespace)
    with pytest.raises(headstock.NotPortable, match="more than 262144 bytes"):
        source_of(namespace["build"])
