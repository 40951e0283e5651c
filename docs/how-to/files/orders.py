"""Write the orders of a shop as CSV: 160 to train on in orders/train.csv, 40 to test on in exam.csv."""

import csv
import random
from pathlib import Path

GOODS = ["lamps", "chairs", "mugs", "clocks", "rugs", "frames", "vases", "shelves"]


def order(number: int, rng: random.Random) -> dict[str, object]:
    """Return one order: two lines of goods, and at times a voucher or delivery."""
    first, second = rng.sample(GOODS, 2)
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    price, other = rng.randint(3, 12), rng.randint(3, 12)
    text = f"An order has {a} {first} at {price} euros each and {b} {second} at {other} euros each."
    total = a * price + b * other
    if rng.random() < 0.4:
        delivery = rng.randint(4, 9)
        text, total = f"{text} Delivery costs {delivery} euros.", total + delivery
    elif rng.random() < 0.5:
        voucher = rng.randint(5, 10)
        text, total = f"{text} A voucher takes {voucher} euros off.", total - voucher
    return {
        "Number": f"order-{number}",
        "Order": f"{text} What is the total in euros?",
        "Total": f"{total} EUR",
    }


def write(path: Path, rows: list[dict[str, object]]) -> None:
    """Write rows as CSV."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    rng = random.Random(1)
    rows = [order(number, rng) for number in range(200)]
    write(Path("orders/train.csv"), rows[:160])
    write(Path("exam.csv"), rows[160:])
