"""The JSON validator against jsonschema, and what it takes off an answer."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linernotes.llm import BadAnswerError
from linernotes.llm.json_answers import find_fault, parse_answer

SCHEMA = {
    "type": "object",
    "properties": {"key": {"type": "string", "enum": ["yes", "no"]}, "n": {"type": "integer"}},
    "required": ["key"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "answer",
    [
        '{"key": "yes"}',
        ' \n{"key":"yes"}\n',
        '```json\n{"key": "yes"}\n```',
        '```\n{"key": "yes"}\n```\n',
        '<think>{"key": "no"} or not?</think>\n{"key": "yes"}',
    ],
)
def test_the_value_is_read(answer: str) -> None:
    assert parse_answer(answer, SCHEMA) == {"key": "yes"}


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "yes",
        '{"key": "yes"',
        'Sure! {"key": "yes"}',
        '{"key": "yes"} I hope this helps.',
        '{"key": "yes"}{"key": "yes"}',
        '{"key": "no", "key": "yes"}',
        '{"key": "yes", "n": NaN}',
        '{"key": "yes", "n": true}',
        '{"key": "yes", "n": 1.5}',
        '{"key": "Yes"}',
        '{"key": null}',
        '{"key": ["yes"]}',
        '{"key": "yes", "more": 1}',
        '["yes"]',
        "[" * 100_000,
    ],
)
def test_anything_else_is_an_error(answer: str) -> None:
    with pytest.raises(BadAnswerError) as caught:
        parse_answer(answer, SCHEMA)
    assert caught.value.answer == answer
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("schema", [{"pattern": "a+"}, {"type": "text"}, {"anyOf": []}, {"$ref": "#/x"}])
def test_what_it_can_not_check_it_does_not_pass_over(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="beyond the validator"):
        find_fault("aaa", schema)


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0]) | st.text(max_size=3)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner)
)
schemas = st.recursive(
    st.fixed_dictionaries({}, optional={
        "type": st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"]),
        "enum": st.lists(scalars, min_size=1, max_size=3),
        "minLength": st.integers(0, 2), "maxLength": st.integers(0, 3),
        "minimum": st.integers(-2, 1), "maximum": st.integers(0, 2),
        "minItems": st.integers(0, 2), "maxItems": st.integers(0, 3),
    }),
    lambda inner: st.fixed_dictionaries({"type": st.just("array"), "items": inner})
    | st.fixed_dictionaries({
        "type": st.just("object"),
        "properties": st.dictionaries(st.sampled_from("ab"), inner),
        "required": st.lists(st.sampled_from("ab"), unique=True),
        "additionalProperties": st.booleans(),
    }),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(values, schemas)
def test_it_agrees_with_jsonschema(value: Any, schema: dict[str, Any]) -> None:
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (find_fault(value, schema) is None) == expected
