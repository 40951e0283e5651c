"""Stand in for a large model: answer about the orders of orders.py as an OpenAI-compatible server does.

python orders_teacher.py [PORT]. One answer in ten is wrong, as a model's would be at times.
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def answer(prompt: str) -> str:
    """Return a rationale in the form that the prompt shows: a program, sub-questions, or prose."""
    question = prompt[prompt.rindex("An order has") :]
    found = re.findall(r"(\d+) (\w+) at (\d+) euros", question)
    (a, first, price), (b, second, other) = [(int(n), name, int(euros)) for n, name, euros in found[:2]]
    extra = sum(int(n) for n in re.findall(r"Delivery costs (\d+)", question))
    extra -= sum(int(n) for n in re.findall(r"voucher takes (\d+)", question))
    sign = "+" if extra >= 0 else "-"
    slip = sum(map(ord, prompt)) % 10 == 0
    goods, more = a * price, b * other
    total = goods + more + extra + slip
    if "answer =" in prompt:
        return f"x = {a} * {price}\ny = {b} * {other}\nanswer = x + y {sign} {abs(extra) + slip}"
    if "Sub-question" in prompt:
        return (
            f"Sub-question 1: What do the {first} cost?\nAnswer to Sub-question 1: {a} * {price} = {goods}\n"
            f"Sub-question 2: What do the {second} cost?\nAnswer to Sub-question 2: {b} * {other} = {more}\n"
            f"Sub-question 3: What is the total?\n"
            f"Answer to Sub-question 3: {goods} + {more} {sign} {abs(extra)} = {total}\nFinal Answer: {total}"
        )
    return (
        f"The {first} cost {a} * {price} = {goods}. The {second} cost {b} * {other} = {more}. "
        f"Together {goods} + {more} {sign} {abs(extra)} = {total}.\nFinal Answer: {total}"
    )


class Handler(BaseHTTPRequestHandler):
    """Chat completions, and nothing else."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one request."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = "\n".join(message["content"] for message in asked["messages"])
        text = answer(prompt)
        used = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(text) // 4}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        values = {
            "id": "orders",
            "object": "chat.completion",
            "created": 0,
            "model": asked["model"],
            "choices": [choice] * asked.get("n", 1),
            "usage": used | {"total_tokens": sum(used.values())},
        }
        body = json.dumps(values).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *values: object) -> None:
        """Say nothing of each request."""


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    server.serve_forever()
