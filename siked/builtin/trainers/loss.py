"""SFTTrainer with a loss in which a label weighs the same whatever else its batch holds.

Trainer divides the loss of an optimiser step by the labels of that step, so a label among short rows counts
more than one among long rows. Here all steps are divided by one number, the mean weight of a step's labels.

On a CPU the loss looks at the labelled positions only. TRL computes the head of the model in a fused kernel;
without Triton that falls back to plain torch operations over every position, prompt and padding too, once
forward and once again backward. With a vocabulary of 50,000 that is a quarter of the time of a small model.
"""

from __future__ import annotations

import contextlib
from typing import Any

from siked.builtin.trainers.batches import Plan

WEIGHTS = "weights"
"""The column with a weight for each token, where labels do not all count alike."""


def trainer_class(fused: bool) -> Any:
    """Return SFTTrainer on the steps of a plan; the loss is computed in TRL's kernel (``fused``) or in torch.

    It counts the tokens that went through the model (``tokens_seen``) and knows the mean loss of a label,
    by weight, over the last epoch, or over all steps where there are fewer (``last_loss``).
    """
    import torch
    from trl import SFTTrainer

    class PlannedSFTTrainer(SFTTrainer):  # type: ignore[misc]
        tokens_seen = 0
        loss_is_scaled_for_ga = True
        data_collator: Any

        def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if WEIGHTS in self.train_dataset.column_names:
                self.data_collator = _weighted(self.data_collator)
            mass = _mass(self.train_dataset)
            self._plan = plan
            self._normaliser = sum(mass[row] for row in plan.rows()) / len(plan.steps)
            self._late_mass = sum(mass[row] for row in plan.rows(last=plan.an_epoch))
            self._late_loss: Any = 0.0
            self._parts = 1
            self._counts = 1

        @property
        def last_loss(self) -> float:
            return float(self._late_loss) / self._late_mass

        def get_train_dataloader(self) -> Any:
            ranks = self.args.world_size
            steps = _Steps(
                self._plan, self.train_dataset, self.data_collator, rank=self.args.process_index, ranks=ranks
            )
            loader = torch.utils.data.DataLoader(
                steps, batch_size=1, collate_fn=_only, pin_memory=self.args.dataloader_pin_memory
            )
            # Prepared, each process would get every so many steps; here each has a part of all of them.
            return self.accelerator.prepare(loader) if ranks == 1 else loader

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            parts = inputs["parts"]
            self._parts = inputs["of"]
            self._counts = 0 if inputs["idle"] else 1
            contexts = _exchanged_once(self.accelerator, model, len(parts))
            losses = []
            for part, context in zip(parts, contexts, strict=True):
                with context:
                    losses.append(super().training_step(model, part))
            return torch.stack(losses).sum()

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            self.tokens_seen += self._counts * _tokens(inputs)
            if self.aux_loss_enabled:
                inputs["output_router_logits"] = True
            total, outputs = (fused_loss if fused else labelled_loss)(model, inputs)
            total = total * self._counts
            if self.state.global_step >= len(self._plan.steps) - self._plan.an_epoch:
                self._late_loss = self._late_loss + total.detach()
            # Gradients are averaged over processes, and the normaliser counts the labels of all of them.
            loss = total * self.args.world_size / self._normaliser
            if self.aux_loss_enabled:
                loss = loss + self.router_aux_loss_coef * outputs.aux_loss / self._parts
            return (loss, outputs) if return_outputs else loss

    return PlannedSFTTrainer


def tally(trainer: Any) -> dict[str, float]:
    """Return what all processes have counted so far; exact, so that a training can go on from it."""
    tokens, loss = counted(trainer)
    return {"tokens_seen": tokens, "late_loss": loss}


def take_up(trainer: Any, tally: dict[str, float]) -> None:
    """Let a trainer count on from a tally: the first process from all of it, the others from nothing."""
    import torch

    if trainer.args.process_index == 0:
        trainer.tokens_seen = int(tally["tokens_seen"])
        trainer._late_loss = torch.tensor(tally["late_loss"], device=trainer.args.device)


def gather(trainer: Any) -> None:
    """Add up what all processes of a training have counted, in all of them."""
    trainer.tokens_seen, trainer._late_loss = counted(trainer)


def counted(trainer: Any) -> tuple[int, float]:
    """Return the tokens and the loss that all processes of a training have counted; all of them ask."""
    import torch

    mine = float(trainer.tokens_seen), float(trainer._late_loss)
    if trainer.args.world_size == 1:
        return int(mine[0]), mine[1]
    values = torch.tensor(mine, dtype=torch.float64).to(trainer.accelerator.device)
    tokens, loss = trainer.accelerator.reduce(values, "sum").tolist()
    return int(tokens), loss


def _tokens(inputs: dict[str, Any]) -> int:
    mask = inputs.get("attention_mask")  # rows one behind the other have none and no padding
    return int(inputs["input_ids"].numel() if mask is None else mask.sum())


def _exchanged_once(accelerator: Any, model: Any, parts: int) -> list[Any]:
    """Return what is held around each part of a step: gradients are exchanged after the last one alone, as
    processes may have other numbers of parts."""
    return [*(accelerator.no_sync(model) for _ in range(parts - 1)), contextlib.nullcontext()]


def labelled_loss(model: Any, inputs: dict[str, Any]) -> tuple[Any, Any]:
    """Return the cross entropy summed over the labels, each times its weight where there are any, and the
    outputs of the model.

    The head runs from the column of the first label on; the model's own forward applies it, with
    whatever scaling or capping of logits its architecture has.
    """
    import torch

    rest = {key: value for key, value in inputs.items() if key not in ("labels", "use_cache", WEIGHTS)}
    targets = inputs["labels"][:, 1:]
    wanted = targets != -100
    columns = wanted.any(dim=0).nonzero()
    keep = torch.arange(int(columns[0]), int(columns[-1]) + 1, device=targets.device)
    outputs = model(**rest, use_cache=False, logits_to_keep=keep)
    chosen = wanted[:, keep]
    weights = inputs.get(WEIGHTS)
    losses = torch.nn.functional.cross_entropy(
        outputs.logits[chosen].float(),
        targets[:, keep][chosen],
        reduction="sum" if weights is None else "none",
    )
    return (losses if weights is None else (losses * weights[:, 1:][:, keep][chosen]).sum()), outputs


def fused_loss(model: Any, inputs: dict[str, Any]) -> tuple[Any, Any]:
    """Return the same as :func:`labelled_loss`, by the head that SFTTrainer has put into the model."""
    rest = {key: value for key, value in inputs.items() if key not in ("use_cache", WEIGHTS)}
    outputs = model(**rest, use_cache=False, fused_lm_head=True)
    weights = inputs.get(WEIGHTS)
    logs = outputs.log_probs if weights is None else outputs.log_probs * weights[:, 1:]
    return -logs.float().sum(), outputs


class _Steps:
    """The micro-batches of each optimiser step of a plan."""

    def __init__(self, plan: Plan, rows: Any, collate: Any, *, rank: int, ranks: int) -> None:
        self._plan = plan
        self._rank = rank
        self._ranks = ranks
        self._rows = rows
        self._collate = collate

    def __len__(self) -> int:
        return len(self._plan.steps)

    def __getitem__(self, step: int) -> dict[str, Any]:
        parts = self._plan.steps[step]
        # Parts are sorted by length, so neighbours go to different processes. One without a part of its own
        # takes the first for company: all have to take part in the exchange of gradients.
        own = parts[self._rank :: self._ranks]
        collated = [self._collate([self._rows[row] for row in part]) for part in own or parts[:1]]
        return {"parts": collated, "of": len(parts), "idle": not own}


def _only(items: list[Any]) -> Any:
    return items[0]


def _mass(rows: Any) -> list[float]:
    """Return the weight of all labels of each row; the first token is predicted by nothing."""
    if WEIGHTS not in rows.column_names:
        return [float(sum(label != -100 for label in labels[1:])) for labels in rows["labels"]]
    return [
        sum(weight for label, weight in zip(labels[1:], weights[1:], strict=True) if label != -100)
        for labels, weights in zip(rows["labels"], rows[WEIGHTS], strict=True)
    ]


def _weighted(collate: Any) -> Any:
    """Return a collator that pads the weights of tokens as ``collate`` pads their labels."""
    import torch

    def collated(rows: list[dict[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = collate(rows)
        weights = [torch.tensor(row[WEIGHTS]) for row in rows]
        if len(batch["labels"]) < len(rows):  # without padding all rows are one
            weights = [torch.cat(weights)]
        batch[WEIGHTS] = torch.zeros(batch["labels"].shape)
        for at, row in enumerate(weights):
            batch[WEIGHTS][at, : len(row)] = row
        return batch

    return collated
