from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.backends.transformers import Transformers
from siked.contracts import ScoringBackend, TagCheckingBackend
from siked.errors import BackendError, PreflightError, UsageError
from siked.records import Call, Completion, Message, Model, Outcome, Request, Sampling
from siked.text import token_ids

pytestmark = pytest.mark.train
torch: Any = pytest.importorskip("torch")

WARM = Sampling(temperature=1.0, top_p=0.95, max_new_tokens=24)
GREEDY = Sampling(temperature=0.0, max_new_tokens=24)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def backend(folder: Path, weights: Path | None = None, **options: Any) -> Transformers:
    made = Transformers(Transformers.Options(**({"batch_size": 5} | options)))
    made.open(Model(name=str(folder), weights=str(weights) if weights else None))
    return made


def request(question: str, sample: int = 0, sampling: Sampling = WARM, prefix: str = "") -> Request:
    key = f"{question}|{prefix}|{sample}|{sampling.temperature}"
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1
    return Request(
        key=key, messages=(Message("user", question),), prefix=prefix, sampling=sampling, seed=seed
    )


def requests() -> list[Request]:
    questions = ["What is 1 + 2?", "Why?", "How many apples are left?", "A b c?", "Is it so, then?"]
    return [request(q, k, prefix=p) for q in questions for p in ("[cot]", "[pot]") for k in range(3)]


def texts(made: Transformers, asked: Sequence[Request]) -> dict[str, str]:
    return {x.key: x.text for x in made.generate(asked) if isinstance(x, Completion)}


def test_it_knows_which_tags_its_student_can_write(folder: Path) -> None:
    made = backend(folder)
    assert isinstance(made, TagCheckingBackend)
    made.check_tags(["[cot]", "[l2m]", "[pot]"])
    with pytest.raises(PreflightError, match="Give the strategy another tag"):
        made.check_tags(["[\u6570]"])


def test_it_is_a_scoring_backend(folder: Path) -> None:
    assert isinstance(Transformers(Transformers.Options()), ScoringBackend)
    with pytest.raises(BackendError, match="before a model was opened"):
        list(Transformers(Transformers.Options()).generate(requests()))


def test_the_model_is_described(folder: Path) -> None:
    info = Transformers(Transformers.Options()).open(Model(name=str(folder)))
    assert len(info.fingerprint) == 64
    assert len(info.template) == 64
    assert info.context == 256
    assert info.parameters > 1000
    assert info.device in ("cpu", "cuda:0", "mps:0")


def test_the_same_list_twice_gives_the_same_texts(folder: Path) -> None:
    made = backend(folder)
    first = texts(made, requests())
    assert len(first) == 30
    assert texts(made, requests()) == first
    assert texts(backend(folder), requests()) == first


def test_samples_of_a_prompt_differ_and_follow_their_seed(folder: Path) -> None:
    got = texts(backend(folder), requests())
    for prompt in {key.rsplit("|", 2)[0] for key in got}:
        assert len({text for key, text in got.items() if key.startswith(prompt + "|")}) == 3
    one = request("Why?")
    same = replace(one, key="other")
    other = replace(one, key="third", seed=one.seed + 1)
    got = texts(backend(folder), [one, same, other])
    assert got[one.key] == got["other"] != got["third"]


@pytest.mark.parametrize("missing", [0, 7, 29])
def test_what_is_missing_is_generated_as_it_would_have_been(folder: Path, missing: int) -> None:
    made = backend(folder)
    whole = texts(made, requests())
    some = [replace(r, done=i != missing) for i, r in enumerate(requests())]
    again = texts(made, some)
    key = some[missing].key
    assert again == {key: whole[key]}


def test_half_a_batch_is_delivered_and_finished_batches_cost_nothing(folder: Path) -> None:
    made = backend(folder)
    whole = texts(made, requests())
    some = [replace(r, done=i % 2 == 0) for i, r in enumerate(requests())]
    assert texts(made, some) == {r.key: whole[r.key] for r in some if not r.done}
    assert list(made.generate([replace(r, done=True) for r in requests()])) == []


def test_calls_come_before_their_completions_and_count_tokens(folder: Path) -> None:
    made = backend(folder)
    seen: dict[str, Call] = {}
    served: dict[str, list[Completion]] = {}
    for item in made.generate(requests()):
        if isinstance(item, Call):
            seen[item.id] = item
        else:
            assert item.call in seen
            served.setdefault(item.call, []).append(item)
    assert sum(call.requests for call in seen.values()) == 30
    for name, completions in served.items():
        call = seen[name]
        assert call.completion_tokens == sum(c.completion_tokens for c in completions)
        distinct = {(c.key.rsplit("|", 2)[0], c.prompt_tokens) for c in completions}
        assert call.prompt_tokens == sum(tokens for _, tokens in distinct)


def by_hand(folder: Path, tokenizer: Any, one: Request, limit: int) -> tuple[str, bool]:
    """Greedy decoding without cache, padding or batch."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = token_ids.prompt_ids(tokenizer, one.messages, "auto", one.prefix)
    written: list[int] = []
    with torch.no_grad():
        for _ in range(limit):
            token = int(model(torch.tensor([ids + written])).logits[0, -1].argmax())
            if token == tokenizer.eos_token_id:
                return tokenizer.decode(written, skip_special_tokens=True), True
            written.append(token)
    return tokenizer.decode(written, skip_special_tokens=True), False


@pytest.mark.parametrize("kv_heads", [2, 4])
def test_greedy_equals_decoding_by_hand(
    make_folder: Callable[..., Path], chat_tokenizer: Any, kv_heads: int
) -> None:
    folder = make_folder(4, num_key_value_heads=kv_heads)
    asked = [replace(r, key=r.key + "g", sampling=GREEDY) for r in requests()]
    got = {x.key: x for x in backend(folder).generate(asked) if isinstance(x, Completion)}
    for one in asked[::3]:
        text, ended = by_hand(folder, chat_tokenizer, one, 24)
        assert got[one.key].text == text
        assert got[one.key].outcome is (Outcome.OK if ended else Outcome.CUT)


def test_rows_that_end_leave_the_others_as_they_were(
    make_folder: Callable[..., Path], chat_tokenizer: Any
) -> None:
    """With many early ends the batch shrinks several times on the way."""
    folder = make_folder(0)
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        model.lm_head.weight[2] *= 2.5
    model.save_pretrained(folder_out := folder.parent / "eager")
    chat_tokenizer.save_pretrained(folder_out)
    sampling = replace(WARM, max_new_tokens=100)
    asked = [request(f"Question {i}?", k, sampling) for i in range(8) for k in range(4)]
    made = backend(folder_out, batch_size=32)
    got = [x for x in made.generate(asked) if isinstance(x, Completion)]
    lengths = sorted(x.completion_tokens for x in got)
    assert lengths[0] < 20 < lengths[-1]
    alone = backend(folder_out, batch_size=1)
    expected = texts(alone, asked)
    same = sum(expected[x.key] == x.text for x in got)
    # batch shapes may round a sum differently; a wrong cache would change nearly all
    assert same >= 30


def test_sliding_window_models_use_the_cache_of_transformers(tmp_path: Path, chat_tokenizer: Any) -> None:
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    config = MistralConfig(
        vocab_size=len(chat_tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, sliding_window=16,
        initializer_range=0.4, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    MistralForCausalLM(config).save_pretrained(tmp_path)
    chat_tokenizer.save_pretrained(tmp_path)
    asked = [request(q, 0, GREEDY) for q in ("Why?", "How many apples are left over in the end?")]
    got = texts(backend(tmp_path), asked)
    for one in asked:
        assert got[one.key] == by_hand(tmp_path, chat_tokenizer, one, 24)[0]


def test_stop_texts_end_a_completion_and_are_left_out(folder: Path) -> None:
    plain = {x.key: x for x in backend(folder).generate(requests()) if isinstance(x, Completion)}
    one = max(plain.values(), key=lambda x: len(x.text))
    stop = one.text[5:7]
    asked = [replace(r, sampling=replace(r.sampling, stop=(stop,))) for r in requests()]
    got = {x.key: x for x in backend(folder).generate(asked) if isinstance(x, Completion)}
    assert got[one.key].text == one.text[: one.text.find(stop)]
    assert got[one.key].outcome is Outcome.OK
    assert all(stop not in x.text for x in got.values())


def test_texts_at_the_limit_are_cut(folder: Path) -> None:
    asked = [replace(r, sampling=replace(WARM, max_new_tokens=1)) for r in requests()]
    got = [x for x in backend(folder).generate(asked) if isinstance(x, Completion)]
    assert {x.completion_tokens for x in got} == {1}
    assert Outcome.CUT in {x.outcome for x in got}


def test_a_prompt_longer_than_the_context_fails_alone(folder: Path) -> None:
    asked = [request("x" * 300), request("Why?")]
    got = {x.key: x for x in backend(folder).generate(asked) if isinstance(x, Completion)}
    assert got[asked[0].key].outcome is Outcome.FAILED
    assert "the model takes 256" in got[asked[0].key].reason
    assert got[asked[1].key].outcome in (Outcome.OK, Outcome.CUT)


def test_out_of_memory_halves_the_batch(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from siked.builtin.backends.decoding import Decoder

    write = Decoder.write

    def narrow(self: Decoder, batch: Any, follow: Any) -> Any:
        if len(batch.rows) > 2:
            raise torch.OutOfMemoryError("too much")
        return write(self, batch, follow)

    monkeypatch.setattr(Decoder, "write", narrow)
    assert len(texts(backend(folder), requests())) == 30
    assert "going on with 2" in capsys.readouterr().err
    monkeypatch.setattr(Decoder, "write", lambda self, batch, follow: _full())
    with pytest.raises(BackendError, match="out of memory on a single text"):
        texts(backend(folder), requests())


def _full() -> Any:
    raise torch.OutOfMemoryError("too much")


def test_scores_equal_a_sum_by_hand(folder: Path, chat_tokenizer: Any) -> None:
    from transformers import AutoModelForCausalLM

    made = backend(folder, batch_size=3)
    asked = [request("Why?"), request("How many apples are left?", prefix="[cot]")]
    tags = ["[cot]", "[l2m]", "no", ""]
    got = list(made.score(asked, [tags, tags[:2]]))
    assert [len(one) for one in got] == [4, 2]
    assert got[0][3] == 0.0
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    for one, scores, many in zip(asked, got, [tags, tags[:2]], strict=True):
        for tag, value in zip(many, scores, strict=True):
            prompt = token_ids.prompt_ids(chat_tokenizer, one.messages, "auto", one.prefix)
            ending = token_ids.text_ids(chat_tokenizer, tag)
            with torch.no_grad():
                logs = model(torch.tensor([prompt + ending])).logits[0].double().log_softmax(-1)
            by_hand = sum(float(logs[len(prompt) + i - 1, token]) for i, token in enumerate(ending))
            assert value == pytest.approx(by_hand, abs=1e-4)


def adapter(folder: Path, out: Path, seed: int, **options: Any) -> Path:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    settings = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "init_lora_weights": False}
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(folder), LoraConfig(**(settings | options)))
    model.save_pretrained(out)
    return out


@pytest.mark.parametrize("options", [{}, {"use_rslora": True}, {"use_dora": True}])
def test_an_adapter_is_applied_and_taken_off_again(
    folder: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    one = adapter(folder, tmp_path / "one", 1, **options)
    two = adapter(folder, tmp_path / "two", 2, **options)
    made = backend(folder)
    plain = texts(made, requests())
    base = made._slot.student.base
    ids = torch.tensor([[5, 6, 7, 8]])
    for weights in (one, two, one):
        made.open(Model(name=str(folder), weights=str(weights)))
        assert made._slot.student.base is base  # nothing was loaded again
        expected = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(folder), weights).eval()
        with torch.no_grad():
            difference = (made._slot.student.model(ids).logits - expected(ids).logits).abs().max()
        assert float(difference) < 1e-4
    assert texts(made, requests()) != plain
    made.open(Model(name=str(folder)))
    assert texts(made, requests()) == plain


@pytest.mark.parametrize("options", [{}, {"use_dora": True}])
def test_an_adapter_of_another_model_is_named(
    folder: Path, make_folder: Callable[..., Path], tmp_path: Path, options: dict[str, Any]
) -> None:
    other = adapter(make_folder(1, hidden_size=16), tmp_path / "other", 1, **options)
    made = backend(folder)
    with pytest.raises(UsageError, match="was trained on another model") as caught:
        made.open(Model(name=str(folder), weights=str(other)))
    assert "\n" not in str(caught.value)


def test_a_full_checkpoint_replaces_the_base(make_folder: Callable[..., Path]) -> None:
    base, student = make_folder(0), make_folder(9)
    made = backend(base)
    plain = texts(made, requests())
    made.open(Model(name=str(base), weights=str(student)))
    assert texts(made, requests()) == texts(backend(student), requests()) != plain


def test_bfloat16_runs_and_repeats_itself(folder: Path, tmp_path: Path) -> None:
    weights = adapter(folder, tmp_path / "one", 1)
    made = backend(folder, weights, dtype="bfloat16")
    first = texts(made, requests())
    assert texts(made, requests()) == first
