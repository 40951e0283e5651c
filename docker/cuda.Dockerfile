# siked for CUDA, with QLoRA. From the root of the repository:
#   docker build -f docker/cuda.Dockerfile -t siked:cuda .
#   docker run --rm --gpus all -v "$PWD/work:/work" siked:cuda run --strategy cot,l2m,pot
# The wheel of torch brings the CUDA libraries; the machine brings the driver and the container toolkit.
# gcc is for triton, which compiles kernels when they are first used.
FROM python:3.13-slim

# No secret: the rule takes the name TOKENIZERS_PARALLELISM for one of a token.
# hadolint ignore=DL3064
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 HF_HUB_DISABLE_TELEMETRY=1 TOKENIZERS_PARALLELISM=false \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY constraints.txt ./
RUN pip install -c constraints.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY siked ./siked
COPY strategies ./strategies
RUN pip install -c constraints.txt ".[train,qlora,serve,symbolic]" \
    && useradd --create-home --uid 1000 siked \
    && mkdir /work \
    && chown siked /work

USER 1000
WORKDIR /work
ENTRYPOINT ["siked"]
CMD ["--help"]
