# siked for processors. From the root of the repository:
#   docker build -f docker/cpu.Dockerfile --build-arg TORCH_INDEX=URL -t siked .
#   docker run --rm -v "$PWD/work:/work" siked run --strategy cot,l2m,pot
# URL is the index that pytorch.org names for CPU; without it pip takes a CUDA build of torch on x86-64.
FROM python:3.13-slim

ARG TORCH_INDEX=""
# No secret: the rule takes the name TOKENIZERS_PARALLELISM for one of a token.
# hadolint ignore=DL3064
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 HF_HUB_DISABLE_TELEMETRY=1 TOKENIZERS_PARALLELISM=false

WORKDIR /src
COPY constraints.txt ./
RUN pip install -c constraints.txt ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch
COPY pyproject.toml README.md LICENSE ./
COPY siked ./siked
COPY strategies ./strategies
RUN pip install -c constraints.txt ".[train,serve,symbolic]" \
    && useradd --create-home --uid 1000 siked \
    && mkdir /work \
    && chown siked /work

USER 1000
WORKDIR /work
ENTRYPOINT ["siked"]
CMD ["--help"]
