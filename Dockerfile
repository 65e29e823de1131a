# A model that was handed over, as a container: a folder of images in, JSON out (docs/handing_over.md).
#
#   docker build -t npc .                              CPU
#   docker build -t npc --build-arg TORCH=cu130 .      a graphics card of NVIDIA
#   docker run --rm --network none -v $PWD/model.npc.zip:/model.npc.zip:ro -v $PWD/input:/input:ro -v $PWD/output:/output npc
FROM python:3.11-slim

ARG TORCH=cpu
# where the builds of PyTorch are; a mirror may stand in its place
ARG INDEX=https://download.pytorch.org/whl/${TORCH}

# without versions: they are those of the base's Debian
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc g++ libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /npc
COPY pyproject.toml constraints.txt README.md LICENSE train.py evaluate.py ./
COPY conf conf
COPY sweeps sweeps
COPY npc npc

# The versions are those of constraints.txt; without the suffix of CUDA, since each build of PyTorch has its own.
RUN pip install --no-cache-dir uv==0.13.* \
    && grep -v -E '^(nvidia|cuda|triton)' constraints.txt > /tmp/constraints.txt \
    && uv pip install --system --no-cache -c /tmp/constraints.txt --index-strategy unsafe-best-match \
        --extra-index-url "${INDEX}" .

# A container of a challenge has no right to write anywhere else, and no network.
RUN useradd --uid 1000 --create-home predict && mkdir -p /output && chown predict /output
USER 1000
WORKDIR /output

ENTRYPOINT ["npc", "challenge", "/model.npc.zip"]
CMD ["--input", "/input", "--output", "/output"]
