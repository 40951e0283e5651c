"""Cards for what a run gives away: who made it of what, with which numbers, under which terms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from siked.runs.run import Run

BASE_LICENCES = {"tiny": "mit", "smollm2": "apache-2.0"}
"""Of the bundled students; others have the licence of their own card."""

_USE = """```python
from transformers import {classes}

tokenizer = AutoTokenizer.from_pretrained("{folder}")
model = AutoModelForCausalLM.from_pretrained("{folder}")
{extra}question = [{{"role": "user", "content": "Ann has 3 pens and buys 4 more. How many has she?"}}]
ways = {{"add_generation_prompt": True, "return_dict": True, "return_tensors": "pt"}}
prompt = tokenizer.apply_chat_template(question, **ways)
answer = model.generate(**prompt{given})
print(tokenizer.decode(answer[0, prompt["input_ids"].shape[1]:], skip_special_tokens=True))
```"""


def front_matter(values: Mapping[str, Any]) -> str:
    """Return the YAML head of a card."""
    return f"---\n{yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True)}---\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def model_card(run: Run, facts: Mapping[str, Any], folder: str) -> str:
    """Return the card of an exported student; ``facts`` are those of its provenance file."""
    base, config = facts["base"], facts["config"]
    head: dict[str, Any] = {"library_name": "peft" if facts["form"] == "adapter" else "transformers"}
    head |= {"pipeline_tag": "text-generation", "tags": ["siked", "distillation", "reasoning"]}
    if base["model"] in BASE_LICENCES:
        head["license"] = BASE_LICENCES[base["model"]]
    elif base["revision"]:
        head["base_model"] = base["model"]
    tags = "\n".join(f"- `{tag}`: strategy {name}" for name, tag in facts["strategies"].items())
    program = " A program is to be run in a sandbox; siked does that." if "pot" in facts["strategies"] else ""
    parts = [
        front_matter(head),
        f"# {folder}",
        f"{base['model']}{' (' + base['note'] + ')' if base['note'] else ''}, distilled by"
        " SIKeD (Self-guided Iterative Knowledge Distillation, Findings of ACL 2025) with siked"
        f" {facts['siked']}: the student of iteration {facts['iteration']} of a run on"
        f" `{config['dataset']['name']}`.",
        "It writes the tag of the strategy that it chooses, then the rationale:",
        tags,
        f"The answer is what the rationale ends in.{program}",
        "## Use",
        _use(facts, folder),
        "## Numbers",
        _numbers(run, facts["iteration"]),
        "## Provenance",
        _provenance(facts),
        "## Terms",
        _terms(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _use(facts: Mapping[str, Any], folder: str) -> str:
    adapter = facts["form"] == "adapter"
    return _USE.format(
        folder=folder,
        classes="AutoModelForCausalLM, AutoTokenizer" + (", GenerationConfig" if adapter else ""),
        extra=f'stop = GenerationConfig.from_pretrained("{folder}")\n' if adapter else "",
        given=", generation_config=stop" if adapter else "",
    )


def _numbers(run: Run, iteration: int) -> str:
    if not (run.folder / "summary.json").exists():
        return "The run is not finished; there are no scores yet."
    summary = run.summary
    rows = []
    for values in summary["iterations"]:
        for name, score in values["accuracy"].items():
            low, high = (f"{100 * end:.1f}" for end in score["ci95"])
            mark = " (this one)" if values["iteration"] == iteration else ""
            rows.append(
                [
                    f"{values['iteration']}{mark}",
                    name,
                    str(score["n"]),
                    f"{100 * score['value']:.1f}",
                    f"{low} to {high}",
                ]
            )
    choice: Mapping[str, float] = next(
        (v["choice"] for v in summary["iterations"] if v["iteration"] == iteration), {}
    )
    chosen = ", ".join(f"{name} {100 * share:.0f} %" for name, share in choice.items())
    return (
        table(["iteration", "set", "problems", "right, %", "95 % interval"], rows)
        + "\n\nGreedy, by the student's own choice of strategy; iteration 0 is trained on the teacher alone. "
        + (f"On dev it chooses: {chosen}." if chosen else "")
    )


def _provenance(facts: Mapping[str, Any]) -> str:
    config, check = facts["config"], facts["check"]
    packages = facts["made_with"].get("packages", {})
    rows = [
        ["run", f"`{facts['run']}`, iteration {facts['iteration']}, seed {config['seed']}"],
        ["weights in the run", f"`{facts['weights']}` (SHA-256 over the tensors)"],
        ["base", f"`{facts['base']['model']}` {facts['base']['revision'] or ''}".strip()],
        ["teacher", f"`{json.dumps(_teachers(config))}`"],
        ["problems", f"`{config['dataset']['name']}`, at most {config['dataset']['limit'] or 'all'}"],
        ["schedule", f"`{config['schedule']['name']}`"],
        ["made with", ", ".join(f"{name} {version}" for name, version in packages.items()) or "not recorded"],
    ]
    if check:
        rows.append(
            [
                "check",
                f"logits differ from the run's student by at most {check['logit']:.2g} on {check['prompts']}"
                f" prompts (largest logit {check['largest']:.3g})",
            ]
        )
    return table(["", ""], rows) + "\n\nEvery setting stands in `siked.json`."


def _teachers(config: Mapping[str, Any]) -> Any:
    teacher = config["teacher"]
    if "name" in teacher:
        return ":".join(part for part in (teacher["name"], teacher["model"]) if part)
    return {name: ":".join(p for p in (one["name"], one["model"]) if p) for name, one in teacher.items()}


def _terms(facts: Mapping[str, Any]) -> str:
    base = facts["base"]["model"]
    own = BASE_LICENCES.get(base)
    name = facts["config"]["dataset"]["name"]
    return (
        f"- Base model `{base}`: {own.upper() if own else 'see its own card'}.\n"
        f"- Problems `{name}`: {facts['dataset_licence'] or 'licence not known to siked'}.\n"
        "- Rationales: the terms of the teachers named above hold for what is trained on their texts."
    )
