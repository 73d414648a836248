# The product for given servers (no embedded parts): one image, a role chosen by its command.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
RUN python -m venv /opt/taskledger
COPY requirements/managed.txt /build/requirements/
RUN /opt/taskledger/bin/pip install --require-hashes --only-binary :all: \
    --requirement /build/requirements/managed.txt
COPY pyproject.toml README.md LICENSE /build/
COPY domain /build/domain
COPY commands /build/commands
COPY projections /build/projections
COPY infra /build/infra
COPY api /build/api
RUN /opt/taskledger/bin/pip install --no-deps --no-build-isolation /build \
    && /opt/taskledger/bin/python -m compileall -q /opt/taskledger/lib

FROM python:3.11-slim
# A volume that is mounted on this folder for the first time takes over whose it is.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin taskledger \
    && install --directory --owner taskledger --mode 700 /var/lib/taskledger
COPY --from=build /opt/taskledger /opt/taskledger
ENV PATH=/opt/taskledger/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TASKLEDGER_HOST=0.0.0.0
USER taskledger
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["taskledger"]
CMD ["serve"]
