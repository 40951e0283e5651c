from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from siked.errors import ConfigError, PreflightError
from siked.records import Message, TrainRow
from siked.text import token_ids

pytestmark = pytest.mark.train

QUESTION = (Message("user", "2+3?"),)
SHOTS = (
    Message("system", "Solve."),
    Message("user", "1+1?"),
    Message("assistant", "It is 2."),
    Message("user", "2+3?"),
)
ROW = TrainRow(messages=QUESTION, prefix="[cot]", text="It is 5.")


def test_chat_prompt_is_the_template_and_the_tag_line(chat_tokenizer: Any) -> None:
    ids = token_ids.prompt_ids(chat_tokenizer, QUESTION, "auto", "[cot]")
    assert chat_tokenizer.decode(ids) == "<|turn|>user\n2+3?<|end|>\n<|turn|>assistant\n[cot]\n"


def test_labels_of_a_row_by_hand(chat_tokenizer: Any) -> None:
    ids, labels = token_ids.row_ids(chat_tokenizer, ROW, "chat")
    id_of = chat_tokenizer.convert_tokens_to_ids
    prompt = [id_of("<|turn|>"), *map(id_of, "user\n2+3?"), id_of("<|end|>"), id_of("\n"), id_of("<|turn|>")]
    prompt += [*map(id_of, "assistant\n")]
    target = [*map(id_of, "[cot]\nIt is 5."), id_of("<|end|>")]
    assert ids == prompt + target
    assert labels == [-100] * len(prompt) + target


@pytest.mark.parametrize("prompt_format", ["chat", "plain", "alpaca"])
@pytest.mark.parametrize("prefix", ["", "[cot]"])
def test_what_is_asked_is_a_prefix_of_what_is_learnt(
    chat_tokenizer: Any, prompt_format: str, prefix: str
) -> None:
    ids, _ = token_ids.row_ids(chat_tokenizer, ROW, prompt_format)
    asked = token_ids.prompt_ids(chat_tokenizer, QUESTION, prompt_format, prefix)
    assert ids[: len(asked)] == asked
    assert len(ids) > len(asked)


def test_a_tag_comes_back_whole_from_its_tokens(chat_tokenizer: Any) -> None:
    token_ids.check_tags(chat_tokenizer, ["[cot]", "[l2m]", "cot plain"])
    for tag, back in (("[c\u00f6t]", "[ct]"), ("<|end|>", ""), ("[\u6570]", "[]")):
        with pytest.raises(PreflightError, match=re.escape(f"gives the tag {tag!r} back as {back!r}")):
            token_ids.check_tags(chat_tokenizer, ["[cot]", tag])


def test_plain_and_alpaca_render_several_turns(bare_tokenizer: Any) -> None:
    plain = bare_tokenizer.decode(token_ids.prompt_ids(bare_tokenizer, SHOTS, "plain"))
    assert plain == "<|bos|>Solve.\n\nQuestion: 1+1?\nAnswer:\nIt is 2.\n\nQuestion: 2+3?\nAnswer:\n"
    alpaca = bare_tokenizer.decode(token_ids.prompt_ids(bare_tokenizer, SHOTS, "alpaca"))
    assert alpaca.endswith(
        "### Instruction:\nSolve.\n\n### Input:\n1+1?\n\n### Response:\nIt is 2.\n\n"
        "### Input:\n2+3?\n\n### Response:\n"
    )
    asked = bare_tokenizer.decode(token_ids.prompt_ids(bare_tokenizer, QUESTION, "alpaca"))
    assert token_ids.ALPACA_INSTRUCTION in asked


def test_one_begin_token_and_only_where_the_tokenizer_uses_one(
    bare_tokenizer: Any, chat_tokenizer: Any
) -> None:
    ids = token_ids.prompt_ids(bare_tokenizer, QUESTION, "plain", "[cot]")
    assert [i for i, token in enumerate(ids) if token == bare_tokenizer.bos_token_id] == [0]
    ids = token_ids.prompt_ids(chat_tokenizer, QUESTION, "plain")
    assert 1 not in ids


def test_auto_falls_back_to_plain_and_chat_does_not(bare_tokenizer: Any) -> None:
    assert token_ids.resolve_format(bare_tokenizer, "auto") == "plain"
    with pytest.raises(ConfigError, match="no chat template"):
        token_ids.resolve_format(bare_tokenizer, "chat")
    with pytest.raises(ConfigError, match="there are: auto, chat, plain, alpaca"):
        token_ids.resolve_format(bare_tokenizer, "vicuna")


def test_a_template_without_a_system_role_gets_it_in_the_first_question(chat_tokenizer: Any) -> None:
    template = chat_tokenizer.chat_template
    refuse = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    try:
        chat_tokenizer.chat_template = refuse + template
        text = chat_tokenizer.decode(token_ids.prompt_ids(chat_tokenizer, SHOTS))
    finally:
        chat_tokenizer.chat_template = template
    assert text.startswith("<|turn|>user\nSolve.\n\n1+1?<|end|>")


def test_a_template_with_a_date_does_not_change_overnight(chat_tokenizer: Any) -> None:
    template = chat_tokenizer.chat_template
    try:
        chat_tokenizer.chat_template = "{{ strftime_now('%d %m %Y') }}" + template
        text = chat_tokenizer.decode(token_ids.prompt_ids(chat_tokenizer, QUESTION))
    finally:
        chat_tokenizer.chat_template = template
    assert text.startswith("1 January 2025")


def test_stop_ids_join_the_config_and_the_end_of_turn(chat_tokenizer: Any, bare_tokenizer: Any) -> None:
    assert token_ids.end_of_turn_ids(chat_tokenizer) == [2]
    assert token_ids.stop_ids(chat_tokenizer, None) == (2,)
    assert token_ids.stop_ids(chat_tokenizer, SimpleNamespace(eos_token_id=[1, 4])) == (1, 2, 4)
    assert token_ids.stop_ids(bare_tokenizer, SimpleNamespace(eos_token_id=4)) == (2, 4)


def test_a_tokenizer_that_cannot_end_a_text_is_refused(bare_tokenizer: Any) -> None:
    eos = bare_tokenizer.eos_token
    try:
        bare_tokenizer.eos_token = None
        with pytest.raises(PreflightError, match="never learn to stop"):
            token_ids.row_ids(bare_tokenizer, ROW, "plain")
    finally:
        bare_tokenizer.eos_token = eos


def test_template_hash_follows_format_and_template(chat_tokenizer: Any) -> None:
    template = chat_tokenizer.chat_template
    hashes = {token_ids.template_hash(chat_tokenizer, name) for name in ("chat", "plain", "alpaca")}
    assert len(hashes) == 3
    before = token_ids.template_hash(chat_tokenizer)
    chat_tokenizer(["a", "bbb"], padding=True)  # leaves padding switched on inside
    assert token_ids.template_hash(chat_tokenizer) == before
    try:
        chat_tokenizer.chat_template = template + " "
        assert token_ids.template_hash(chat_tokenizer) != before
    finally:
        chat_tokenizer.chat_template = template


def test_preflight_takes_a_good_row_and_names_a_masked_end(chat_tokenizer: Any) -> None:
    ids, labels = token_ids.row_ids(chat_tokenizer, ROW)
    token_ids.preflight(chat_tokenizer, [(ids, labels)], (2,))
    masked = [-100 if label == 2 else label for label in labels]
    with pytest.raises(PreflightError, match=r"ends in '\.'.*masked together with the padding"):
        token_ids.preflight(chat_tokenizer, [(ids, masked)], (2,))
    with pytest.raises(PreflightError, match="has no label"):
        token_ids.preflight(chat_tokenizer, [(ids, [-100] * len(ids))], (2,))
    with pytest.raises(PreflightError, match="1 ids but 2 labels"):
        token_ids.preflight(chat_tokenizer, [([1], [1, 2])], (2,))
