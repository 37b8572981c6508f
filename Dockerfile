# One image for every role: API, coordinator and worker. The command chooses the role, e.g. `headstock worker`.
#   docker build -t headstock .                                        CPU, every role
#   docker build -t headstock-gpu --build-arg EXTRAS=postgres,gpu .    GPU variant for workers
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ARG EXTRAS=postgres
WORKDIR /src
RUN python -m venv /opt/headstock
ENV PATH=/opt/headstock/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY clients/python clients/python
COPY storage storage
COPY tuners tuners
COPY service service
# The lock pins versions (as constraints), the extras choose what is installed: no test tools in the image.
RUN pip install --no-cache-dir --constraint requirements.lock ./clients/python ".[${EXTRAS}]"

FROM python:${PYTHON_VERSION}-slim
RUN useradd --create-home --uid 10001 headstock \
    && install --directory --owner=headstock --group=headstock --mode=0750 /data
COPY --from=build /opt/headstock /opt/headstock
COPY clients/dashboard /opt/headstock/share/dashboard
ENV PATH=/opt/headstock/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TF_CPP_MIN_LOG_LEVEL=3 \
    HEADSTOCK_DATA_DIR=/data \
    HEADSTOCK_DASHBOARD_DIR=/opt/headstock/share/dashboard \
    HEADSTOCK_HOST=0.0.0.0 \
    HEADSTOCK_PORT=8000
USER 10001
WORKDIR /home/headstock
VOLUME /data
EXPOSE 8000
# The API's own check; coordinator and worker end when they cannot work, and their restart policy brings them back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["headstock", "api"]
