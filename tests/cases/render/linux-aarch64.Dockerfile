# Rendered by `conda multiplat render --kind dockerfile`
# conda-linux-aarch64.lock must be in the same folder. To build the image:
# $ docker build --platform linux/arm64 --file linux-aarch64.Dockerfile .
# conda does not check that the machine has what these packages need:
#   __glibc >=2.17 (python)
# They were locked for __archspec 1 aarch64, __glibc 2.28, __linux 4.18, __unix 0.
# not set, since it has line breaks: TEXT
# An image with micromamba, and the base image; --build-arg INSTALLER=… names another.
ARG INSTALLER=mambaorg/micromamba:2
ARG BASE=debian:stable-slim

FROM --platform=linux/arm64 ${INSTALLER} AS build
USER root
COPY conda-linux-aarch64.lock /tmp/
RUN micromamba create --yes --prefix /opt/env --file /tmp/conda-linux-aarch64.lock
RUN mkdir -p /opt/env/libexec/conda-multiplat \
 && printf '%s\n' \
    '#!/bin/sh' \
    'for script in /opt/env/etc/conda/activate.d/*.sh; do' \
    '  if [ -f "$script" ]; then . "$script"; fi' \
    'done' \
    'exec "$@"' \
    > /opt/env/libexec/conda-multiplat/entrypoint \
 && chmod 755 /opt/env/libexec/conda-multiplat/entrypoint

FROM --platform=linux/arm64 ${BASE}
COPY --from=build /opt/env /opt/env
ENV PATH="/opt/env/bin:$PATH"
ENV CONDA_PREFIX="/opt/env"
ENV CONDA_DEFAULT_ENV="/opt/env"
ENV CONDA_SHLVL="1"
ENV ROBOT="two words, \$HOME \"quoted\" \\ & more"
ENV N="3"
ENTRYPOINT ["/opt/env/libexec/conda-multiplat/entrypoint"]
CMD ["python"]
